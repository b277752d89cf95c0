import { describe, expect, it } from "vitest";

import type { QualityPolicy } from "../pipeline/quality-definition.ts";
import { entryOf, formatBaseline, parseBaseline, type Baseline } from "./baseline.ts";
import type { Finding, FindingsEvidence } from "./evidence.ts";
import { findingsEvidence } from "./findings.ts";
import { FindingsGatherer } from "./gather-findings.ts";
import { judgeEvidence } from "./judge.ts";

const SOURCE = ["import os", "password = 'x'", "assert ok", "token = 'ghp_0123456789abcdefghij0123'"];
const REPORT = "out/reports/bandit-report.json";

function finding(change: Partial<Finding> = {}): Finding {
  return { rule: "B101", level: "error", message: "assert used", file: "src/a.py", line: 3, ...change };
}

interface Given {
  readonly policy?: QualityPolicy;
  readonly baseline?: Baseline | null;
  readonly today?: string;
  readonly showsSource?: boolean;
  readonly isInconclusive?: boolean;
}

function gather(findings: readonly Finding[], given: Given = {}): FindingsEvidence & { all: readonly Finding[] } {
  const all: Finding[] = [];
  const gatherer = new FindingsGatherer({
    tool: "bandit",
    report: REPORT,
    standard: {
      policy: given.policy ?? null,
      baseline: given.baseline ?? null,
      today: given.today ?? "2027-01-31",
      reports: [{ tool: "bandit", reportCount: 1 }],
    },
    lineOf: (_file, line) => SOURCE[line - 1] ?? null,
    showsSource: given.showsSource ?? true,
    mask: (each) => each,
    keep: (each) => all.push(each),
  });
  for (const each of findings) gatherer.add(each);
  const { isInconclusive } = given;
  const rest = { tool: "bandit", checkedCount: null, findings: [] };
  const inconclusive = isInconclusive === undefined ? {} : { isInconclusive, why: "no advisory data" };
  return { ...gatherer.finish(findingsEvidence({ ...rest, ...inconclusive })), all };
}

/** The findings as the project's baseline. */
function baselineOf(findings: readonly Finding[]): Baseline {
  const entries = gather(findings).all.flatMap((each) => entryOf(each, { tool: "bandit", report: REPORT }) ?? []);
  const parsed = parseBaseline(formatBaseline(entries), "b.json");
  if (!parsed.ok) throw new Error(parsed.error.message);
  return parsed.value;
}

function outcomeOf(evidence: FindingsEvidence, policy: QualityPolicy | null = null): string {
  const { outcome, why } = judgeEvidence([evidence], policy);
  return `${outcome}: ${why}`;
}

describe("findings are judged by", () => {
  it("their level, where no rule matches", () => {
    expect(outcomeOf(gather([finding()]))).toBe("failed: bandit: 1 error");
    expect(outcomeOf(gather([finding({ level: "warning" })]))).toBe("warned: bandit: 1 warning");
    expect(outcomeOf(gather([finding({ level: "note" })]))).toBe("passed: bandit: no finding");
  });

  it("the first rule that matches tool, rule, path and level", () => {
    const policy: QualityPolicy = {
      rules: [
        { paths: ["tests", "**/conftest.py"], outcome: "pass" },
        { tool: "ban*", rule: "B1*", level: "error", outcome: "warn" },
        { level: "note", outcome: "fail" },
        { tool: "other", outcome: "pass" },
      ],
    };
    const of = (change: Partial<Finding>): string =>
      outcomeOf(gather([finding(change)], { policy })).split(":")[0] ?? "";
    expect(of({})).toBe("warned");
    expect(of({ rule: "B201" })).toBe("failed");
    expect(of({ file: "tests/deep/a.py" })).toBe("passed");
    expect(of({ file: "src/.hidden/conftest.py" })).toBe("passed");
    expect(of({ file: "tests-not/a.py", rule: "B201" })).toBe("failed");
    expect(of({ level: "note" })).toBe("failed");
    expect(of({ file: null, rule: "B201" })).toBe("failed");
  });

  it("suppressions up to their last day; then they count again and are told", () => {
    const policy: QualityPolicy = {
      suppressions: [
        { rule: "B101", paths: ["src/*.py"], reason: "checked by hand", expires: "2027-01-31" },
        { rule: "B9", reason: "for ever" },
      ],
    };
    const held = gather([finding(), finding({ rule: "B9" })], { policy });
    expect(outcomeOf(held)).toBe("passed: bandit: no finding, 2 suppressed");
    expect(held.findings[0]?.suppression).toEqual({ reason: "checked by hand", expires: "2027-01-31" });
    const after = gather([finding(), finding({ rule: "B9" })], { policy, today: "2027-02-01" });
    expect(outcomeOf(after)).toBe("failed: bandit: 1 error, 1 suppressed, 1 whose suppression expired");
    expect(judgeEvidence([after]).problems[0]?.message).toContain("ended on 2027-01-31 (checked by hand)");
    expect(after.judged?.expired).toEqual([{ reason: "checked by hand", expires: "2027-01-31", count: 1 }]);
  });

  it("the baseline: only new ones count, and those that are gone are told", () => {
    const old = [finding(), finding({ rule: "B105", line: 2 })];
    const baseline = baselineOf(old);
    expect(outcomeOf(gather(old, { baseline }))).toBe("passed: bandit: no new finding, 2 known");
    const more = gather([...old, finding({ rule: "B404", line: 1 })], { baseline });
    expect(outcomeOf(more)).toBe("failed: bandit: 1 new error, 2 known");
    // The new one stands first, whatever the report's order.
    expect(more.findings[0]).toMatchObject({ rule: "B404", isNew: true });
    const fewer = gather([finding()], { baseline });
    expect(outcomeOf(fewer)).toBe("passed: bandit: no new finding, 1 known, 1 of the baseline gone");
    expect(fewer.judged?.vanished).toEqual([{ rule: "B105", file: "src/a.py", message: "assert used" }]);
    expect(outcomeOf(gather([...old, finding()], { baseline }))).toBe("failed: bandit: 1 new error, 2 known");
  });

  it("an unreachable source of data warns, or fails where that is wanted, and is never clean", () => {
    const none = gather([], { isInconclusive: true, baseline: baselineOf([finding()]) });
    expect(outcomeOf(none)).toBe("warned: bandit: inconclusive, no advisory data");
    // What a tool without its data does not find is not gone.
    expect(none.judged?.vanishedCount).toBe(0);
    expect(outcomeOf(none, { unreachable: "warn" })).toContain("warned");
    const failed = judgeEvidence([none], { unreachable: "fail" });
    expect(failed).toMatchObject({ outcome: "failed", problems: [{ code: "DATA_UNREACHABLE", place: "bandit" }] });
    expect(outcomeOf(gather([finding()], { isInconclusive: true }))).toBe(
      "failed: bandit: inconclusive, no advisory data; bandit: 1 error",
    );
  });
});

describe("of all findings", () => {
  it("true counts are kept by level and file when the list is cut, and every one is handed on", () => {
    const many = Array.from({ length: 1200 }, (_each, at) =>
      finding({ level: at % 3 === 0 ? "error" : "note", file: `src/${at % 7}.py`, line: at + 1 }),
    );
    const evidence = gather(many);
    expect(evidence.findings).toHaveLength(500);
    expect(evidence.findingCount).toBe(1200);
    expect(evidence.levels).toEqual({ error: 400, warning: 0, note: 800 });
    expect(evidence.findings.filter((each) => each.level === "error")).toHaveLength(400);
    const counted = Object.fromEntries((evidence.files ?? []).map(({ path, count }) => [path, count]));
    const expected = Map.groupBy(many, (each) => each.file);
    expect(counted).toEqual(Object.fromEntries([...expected].map(([path, own]) => [path, own.length])));
    expect(evidence.all).toHaveLength(1200);
    expect(outcomeOf(evidence)).toBe("failed: bandit: 400 errors");
  });

  it("the line's source is shown without what looks like a key, and not at all where it is the secret", () => {
    expect(gather([finding({ line: 2 })]).findings[0]?.snippet).toBe("password = 'x'");
    expect(gather([finding({ line: 4 })]).findings[0]?.snippet).toBe("token = '***'");
    expect(gather([finding({ line: 4 })], { showsSource: false }).findings[0]).not.toHaveProperty("snippet");
    expect(gather([finding({ snippet: null })]).findings[0]).not.toHaveProperty("snippet");
    expect(gather([finding({ line: 99 })]).findings[0]).not.toHaveProperty("snippet");
  });
});
