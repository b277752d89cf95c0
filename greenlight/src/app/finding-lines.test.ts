import { expect, test } from "vitest";

import type { Finding, FindingsEvidence } from "../evidence/evidence.ts";
import { sampleFindings } from "../report/testing/sample-evidence.ts";
import { sampleStep, sampleView } from "../report/testing/sample-step.ts";
import { findingLines } from "./finding-lines.ts";

function linesOf(...evidence: readonly FindingsEvidence[]): readonly string[] {
  const step = sampleStep("check", { startMs: 0, durationMs: 5 }, { evidence });
  return findingLines(sampleView([{ name: "quality", steps: [step] }]));
}

function finding(change: Partial<Finding> = {}): Finding {
  return { rule: "R", level: "error", message: "m\nmore", file: "a.py", line: 7, outcome: "fail", ...change };
}

function found(findings: readonly Finding[], tool = "lint"): FindingsEvidence {
  return sampleFindings(tool, null, { findings, findingCount: findings.length });
}

test("findings of all tools stand by file, what fails before what warns", () => {
  const warning = finding({ level: "warning", outcome: "warn", line: 2, column: 4, rule: "W" });
  const lines = linesOf(
    found([warning]),
    found([finding({ isNew: true }), finding({ file: null, line: null })], "scan"),
  );
  expect(lines).toEqual([
    "  a.py",
    "    7       new error   m  scan R",
    "    2:4     warning     m  lint W",
    "  no file named",
    "            error       m  scan R",
  ]);
});

test("what is known, suppressed or of no account is not shown", () => {
  const others = [
    finding({ isNew: false }),
    finding({ suppression: { reason: "no fix yet" } }),
    finding({ outcome: "pass" }),
    { rule: "R", level: "note" as const, message: "m", file: "a.py", line: 1 },
  ];
  expect(linesOf(found(others))).toEqual([]);
  expect(linesOf()).toEqual([]);
});

test("ten files and five findings of each are shown, and the others are counted, those too that were cut", () => {
  const many = Array.from({ length: 300 }, (_each, at) => finding({ file: `f${at % 20}.py`, line: at + 1 }));
  const levels = { error: 1300, warning: 0, note: 0 };
  const none = { error: 0, warning: 0, note: 0 };
  const asides = { knownCount: null, suppressedCount: 0, vanishedCount: 0, vanished: [], expired: [] };
  const judged = { failed: levels, warned: none, ...asides };
  const lines = linesOf({ ...found(many), findingCount: 1300, levels, judged });
  expect(lines).toHaveLength(10 * 7 + 1);
  expect(lines[6]).toBe("    … and 10 more in this file");
  // Ten files with fifteen each are told of; all else is somewhere else.
  expect(lines.at(-1)).toBe("  … and 1150 more in other files");
});
