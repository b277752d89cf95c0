import { describe, expect, it } from "vitest";

import type {
  BenchmarkEvidence,
  CoverageEvidence,
  Finding,
  FindingsEvidence,
  GateEvidence,
  TestsEvidence,
  Verdict,
} from "./evidence.ts";
import { judgeEvidence } from "./judge.ts";

const TESTS: TestsEvidence = {
  kind: "tests",
  tool: "vitest",
  passedCount: 214,
  failedCount: 0,
  skippedCount: 0,
  durationMs: 900,
  failures: [],
  slowest: [],
};

function findings(levels: readonly Finding["level"][], findingCount = levels.length): FindingsEvidence {
  const all = levels.map((level, index) => ({
    rule: "R",
    level,
    message: "bad\nmore",
    file: "src/a.ts",
    line: index + 1,
  }));
  return { kind: "findings", tool: "oxlint", checkedCount: 12, findings: all, findingCount };
}

function coverage(coveredCount: number, totalCount: number, floorPercent: number | null): CoverageEvidence {
  const lines = { coveredCount, totalCount };
  return { kind: "coverage", lines, branches: lines, functions: lines, floorPercent, files: [] };
}

function gate(verdict: Verdict): GateEvidence {
  const checks = [
    { name: "sample size", verdict: "promote" as const, why: "579 rows" },
    { name: "beats ridge", verdict, why: "rmse 1.05 against 1.04" },
  ];
  return { kind: "gate", subject: "model abc", verdict, checks };
}

function benchmark(verdict: Verdict | null, errorCount = 0): BenchmarkEvidence {
  const median = { p50Ms: 2, p95Ms: 3, p99Ms: 4, requestsPerSecond: 900 };
  const why = "p50 1.8 times the baseline";
  return {
    kind: "benchmark",
    environment: "production",
    releaseId: "r",
    deploymentId: "d",
    request: "POST /predict",
    connectionCount: 4,
    requestCount: 5000,
    errorCount,
    rounds: [median],
    median,
    comparison:
      verdict === null
        ? null
        : { against: "staging", baseline: median, ratio: 1.8, low: 1.6, high: 2, limit: 1.5, verdict, why },
  };
}

describe("judgeEvidence", () => {
  it("tests and coverage that hold pass, and the reason has their figures", () => {
    expect(judgeEvidence([TESTS, coverage(9129, 10_000, 85)])).toEqual({
      outcome: "passed",
      why: "214 tests, 91.2 % of lines",
      problems: [],
    });
  });

  it("an error fails, a warning warns, a note passes", () => {
    expect(judgeEvidence([findings(["error", "warning"])])).toMatchObject({
      outcome: "failed",
      why: "oxlint: 1 error and 1 warning",
      problems: [
        { code: "FINDINGS_REPORTED", place: "src/a.ts:1", message: "oxlint: 1 error and 1 warning; src/a.ts:1 R bad" },
      ],
    });
    expect(judgeEvidence([findings(["warning"])])).toMatchObject({ outcome: "warned", problems: [] });
    expect(judgeEvidence([findings(["note"])])).toMatchObject({
      outcome: "passed",
      why: "oxlint: no finding in 12 files",
    });
  });

  it("a cut list of errors says that there are more", () => {
    const why = judgeEvidence([findings(["error", "error"], 700)]).why;
    expect(why).toBe("oxlint: at least 2 errors");
  });

  it("a failed test fails and is named", () => {
    const failures = [{ name: "adds", file: "a.test.ts", message: "expected 3\nto be 4" }];
    expect(judgeEvidence([{ ...TESTS, failedCount: 1, failures }])).toMatchObject({
      outcome: "failed",
      why: "1 of 215 tests failed",
      problems: [{ code: "TESTS_FAILED", place: "a.test.ts", message: "1 of 215 tests failed; adds: expected 3" }],
    });
  });

  it("no test that ran is not a pass, skipped ones do not count", () => {
    const none = { ...TESTS, passedCount: 0, skippedCount: 3 };
    expect(judgeEvidence([none])).toMatchObject({
      outcome: "failed",
      why: "no tests ran, 3 skipped",
      problems: [{ code: "NO_TESTS_RAN" }],
    });
  });

  it("coverage on its floor passes, a line below fails and never reads as the floor", () => {
    expect(judgeEvidence([coverage(85, 100, 85)]).outcome).toBe("passed");
    expect(judgeEvidence([coverage(84_999, 100_000, 85)])).toMatchObject({
      outcome: "failed",
      why: "84.9 % of lines, floor 85 %",
      problems: [
        {
          code: "COVERAGE_BELOW_FLOOR",
          message: "84.9 % of lines covered (84,999 of 100,000), the floor is 85 %",
        },
      ],
    });
  });

  it("a floor over lines that nobody counted fails; without a floor it only says so", () => {
    expect(judgeEvidence([coverage(0, 0, 85)])).toMatchObject({
      outcome: "failed",
      problems: [{ code: "COVERAGE_BELOW_FLOOR" }],
    });
    expect(judgeEvidence([coverage(0, 0, null)])).toMatchObject({ outcome: "passed", why: "no lines were counted" });
  });

  it("a gate promotes, holds or rejects", () => {
    expect(judgeEvidence([gate("promote")])).toMatchObject({ outcome: "passed", why: "promote: 2 checks" });
    for (const verdict of ["hold", "inconclusive"] as const) {
      expect(judgeEvidence([gate(verdict)])).toMatchObject({
        outcome: "warned",
        why: `${verdict}: beats ridge, rmse 1.05 against 1.04`,
      });
    }
    expect(judgeEvidence([gate("reject")])).toMatchObject({
      outcome: "failed",
      problems: [{ code: "MODEL_REJECTED", place: "model abc", message: "beats ridge: rmse 1.05 against 1.04" }],
    });
  });

  it("a benchmark fails on a regression and on errors, and warns when it can't tell", () => {
    expect(judgeEvidence([benchmark(null)])).toMatchObject({ outcome: "passed", why: "p50 2.00 ms" });
    expect(judgeEvidence([benchmark("promote")]).outcome).toBe("passed");
    expect(judgeEvidence([benchmark("inconclusive")]).outcome).toBe("warned");
    expect(judgeEvidence([benchmark("reject")]).problems[0]?.code).toBe("LATENCY_REGRESSED");
    expect(judgeEvidence([benchmark("promote", 3)]).problems[0]).toMatchObject({
      code: "LOAD_FAILED",
      message: "3 errors in 5,000 requests",
    });
  });

  it("smoke tests, health and validation without anything in them fail", () => {
    const empty = [
      judgeEvidence([{ kind: "smoke", environment: "staging", releaseId: "r", checks: [] }]),
      judgeEvidence([{ kind: "health", services: [] }]),
      judgeEvidence([
        {
          kind: "validation",
          source: "films",
          readCount: 9,
          keptCount: 0,
          rejectedCount: 9,
          quarantinedCount: 0,
          rules: [],
        },
      ]),
    ];
    expect(empty.map((judged) => judged.outcome)).toEqual(["failed", "failed", "failed"]);
  });

  it("the worst part decides, and all problems come along", () => {
    const judged = judgeEvidence([findings(["warning"]), gate("reject"), coverage(1, 2, 85)]);
    expect(judged.outcome).toBe("failed");
    expect(judged.problems.map((found) => found.code)).toEqual(["MODEL_REJECTED", "COVERAGE_BELOW_FLOOR"]);
    expect(judgeEvidence([])).toEqual({ outcome: "passed", why: "", problems: [] });
  });
});
