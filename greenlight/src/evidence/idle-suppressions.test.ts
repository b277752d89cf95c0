import { describe, expect, it } from "vitest";

import { defineProject, matrix, pipeline } from "../index.ts";
import { step } from "../pipeline/define.ts";
import { findingReports } from "../pipeline/finding-reports.ts";
import { makeBlueprint } from "../pipeline/make-blueprint.ts";
import type { QualityPolicy, Suppression } from "../pipeline/quality-definition.ts";
import type { FindingsEvidence } from "./evidence.ts";
import { findingsEvidence } from "./findings.ts";
import { FindingsGatherer } from "./gather-findings.ts";
import { describeIdle } from "./idle-suppressions.ts";

const TOOLS = [
  { tool: "bandit", reportCount: 2 },
  { tool: "pylint", reportCount: 1 },
];
const KEPT: Suppression = { tool: "bandit", rule: "B101", reason: "tests" };
const IDLE: Suppression = { tool: "ban*", rule: "B9", paths: ["src", "lib"], reason: "by hand", expires: "2020-01-31" };

/** What a report of the tool comes to; each rule is one finding in `src/a.py`. */
function judged(
  tool: string,
  report: string,
  rules: readonly string[],
  given: { readonly suppressions?: readonly Suppression[]; readonly isInconclusive?: true } = {},
): FindingsEvidence {
  const policy: QualityPolicy = { suppressions: given.suppressions ?? [KEPT, IDLE] };
  const gatherer = new FindingsGatherer({
    tool,
    report,
    standard: { policy, baseline: null, today: "2027-01-31", reports: TOOLS },
    lineOf: () => null,
    showsSource: true,
    mask: (each) => each,
    keep: () => undefined,
  });
  for (const rule of rules) gatherer.add({ rule, level: "error", message: "m", file: "src/a.py", line: 1 });
  const { isInconclusive } = given;
  const data = isInconclusive === undefined ? {} : { isInconclusive, why: "no data" };
  return gatherer.finish(findingsEvidence({ tool, checkedCount: null, findings: [], ...data }));
}

function told(...evidence: readonly FindingsEvidence[]): readonly string[] {
  return describeIdle(evidence).map(({ code, place, message }) => `${code} ${place}: ${message}`);
}

const SAID =
  "SUPPRESSION_IDLE quality.suppressions.1: B9 of ban* in src, lib (by hand, until 2020-01-31) matches nothing in any of the 2 reports that it speaks of";

describe("a suppression is told as idle", () => {
  it("when every report that could hold a match has none, be it still good or over", () => {
    expect(told(judged("bandit", "a.json", ["B101"]), judged("bandit", "b.json", []))).toEqual([SAID]);
  });

  it("not when one report holds a match, not even one that another suppression makes needless", () => {
    expect(told(judged("bandit", "a.json", ["B101", "B9"]), judged("bandit", "b.json", []))).toEqual([]);
    const twice = { suppressions: [KEPT, KEPT] };
    expect(told(judged("bandit", "a.json", ["B101"], twice), judged("bandit", "b.json", [], twice))).toEqual([]);
  });

  it("not when a report was not judged in this run, is another tool's, or lacked its data", () => {
    expect(told(judged("bandit", "a.json", ["B101"]))).toEqual([]);
    // The same report twice is one report.
    expect(told(judged("bandit", "a.json", ["B101"]), judged("bandit", "a.json", []))).toEqual([]);
    expect(told(judged("bandit", "a.json", ["B101"]), judged("pylint", "b.json", []))).toEqual([]);
    const blind = judged("bandit", "b.json", [], { isInconclusive: true });
    expect(told(judged("bandit", "a.json", ["B101"]), blind)).toEqual([]);
  });

  it("that names no tool only after the reports of all tools", () => {
    const suppressions = [{ rule: "W1", reason: "generated" }];
    const [one, other] = ["a.json", "b.json"].map((report) => judged("bandit", report, [], { suppressions }));
    const last = judged("pylint", "c.json", [], { suppressions });
    if (one === undefined || other === undefined) throw new Error("two reports");
    expect(told(one, other)).toEqual([]);
    expect(told(one, other, last)).toEqual([
      "SUPPRESSION_IDLE quality.suppressions.0: W1 of any tool (generated) matches nothing in any of the 3 reports that it speaks of",
    ]);
  });
});

it("very many are counted, not listed", () => {
  const suppressions = Array.from({ length: 600 }, (_each, at) => ({ tool: "pylint", rule: `W${at}`, reason: "old" }));
  const lines = told(judged("pylint", "c.json", [], { suppressions }));
  expect(lines).toHaveLength(21);
  expect(lines[20]).toBe("SUPPRESSION_IDLE quality.suppressions: 480 more suppressions match nothing");
});

function source(tool: string, path: string) {
  return { format: "sarif", tool, path } as const;
}

it("the reports of a project are those of all of its pipelines, a matrix once for each combination, each once", () => {
  const lint = step("lint", { run: "lint", evidence: [source("lint", "out/lint.sarif")] });
  const many = step("scan", {
    run: "scan",
    matrix: matrix({ image: ["a", "b"] }),
    evidence: [
      source("scan", "out/{matrix.image}.sarif"),
      { format: "junit", tool: "t", path: "out/{matrix.image}.xml" },
    ],
  });
  const reportsOf = (quality: QualityPolicy) => {
    const pipelines = {
      delivery: pipeline({ stages: { quality: [lint] } }),
      nightly: pipeline({ stages: { quality: [lint, many] } }),
    };
    const made = makeBlueprint(defineProject({ name: "p", quality, environments: {}, pipelines }), "c.ts");
    if (!made.ok) throw new Error(JSON.stringify(made.error));
    return findingReports(made.value);
  };
  expect(reportsOf({ suppressions: [KEPT] })).toEqual([
    { tool: "lint", reportCount: 1 },
    { tool: "scan", reportCount: 2 },
  ]);
  expect(reportsOf({})).toEqual([]);
});
