import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import type { ModelEvidence } from "../evidence/evidence.ts";
import { seededRandom } from "../statistics/random.ts";
import { rmseOf } from "./compare-rmse.ts";
import { DEFAULT_GATE_RULE, judgeModel, type HoldoutRow } from "./gate.ts";

/** A holdout whose candidate and ridge explain the given shares of what a constant can't. */
function holdout(options: {
  readonly count: number;
  readonly candidate: number;
  readonly ridge: number;
  readonly seed?: number;
}): HoldoutRow[] {
  const random = seededRandom(options.seed ?? 1);
  const uniform = (): number => random.next() / 2 ** 32 - 0.5;
  return Array.from({ length: options.count }, () => {
    const signal = 4 * uniform();
    const noise = uniform();
    return {
      actual: 6 + signal + noise,
      predicted: 6 + options.candidate * signal + 0.3 * uniform(),
      ridge: 6 + options.ridge * signal + 0.3 * uniform(),
      constant: 6,
    };
  });
}

function evaluation(rows: readonly HoldoutRow[], changes: Partial<ModelEvidence> = {}): ModelEvidence {
  return {
    kind: "model",
    algorithm: "boosting",
    digest: "ab".repeat(32),
    featureSet: "A",
    split: "hash",
    trainCount: 2294,
    testCount: rows.length,
    metrics: { rmse: rows.length === 0 ? 0 : rmseOf(rows, "predicted"), mae: 0.5, r2: 0.5 },
    baselines: [],
    slices: [],
    parameters: {},
    seed: 1,
    ...changes,
  };
}

function judge(rows: readonly HoldoutRow[], changes: Partial<ModelEvidence> = {}) {
  return judgeModel({ evaluation: evaluation(rows, changes), errors: rows });
}

function checkOf(gate: ReturnType<typeof judgeModel>, name: string) {
  return gate.checks.find((check) => check.name === name);
}

describe("judgeModel", () => {
  it("a model that surely beats both baselines is promoted, with its figures", () => {
    const gate = judge(holdout({ count: 579, candidate: 0.9, ridge: 0.5 }));
    expect(gate).toMatchObject({ kind: "gate", subject: "model abababababab", verdict: "promote" });
    expect(gate.checks.map((check) => check.verdict)).toEqual(Array(5).fill("promote"));
    expect(checkOf(gate, "beats ridge")?.why).toMatch(
      /^rmse 0\.\d{3} against 0\.\d{3}: −0\.\d{3}, at most −0\.\d{3} \(one-sided 95 % bound, 5000 paired resamples\)$/,
    );
  });

  it("a model worse than ridge is rejected although it beats the constant", () => {
    const gate = judge(holdout({ count: 579, candidate: 0.5, ridge: 0.9 }));
    expect(gate.verdict).toBe("reject");
    expect(checkOf(gate, "beats constant")?.verdict).toBe("promote");
    expect(checkOf(gate, "beats ridge")?.why).toMatch(/: \+0\.\d{3}, at most \+0\.\d{3} /);
  });

  it("a gain within the noise holds, and says what could have been seen", () => {
    const rows = holdout({ count: 200, candidate: 0.7, ridge: 0.69 });
    expect(rmseOf(rows, "predicted")).toBeLessThan(rmseOf(rows, "ridge"));
    const gate = judge(rows);
    expect(gate.verdict).toBe("hold");
    expect(checkOf(gate, "beats ridge")?.why).toMatch(/with 200 rows a gain below 0\.\d{3} goes unseen$/);
  });

  it("a candidate equal to ridge is not promoted", () => {
    const rows = holdout({ count: 300, candidate: 0.7, ridge: 0.7 }).map((row) => ({ ...row, ridge: row.predicted }));
    expect(judge(rows).verdict).toBe("hold");
  });

  it("99 rows decide nothing, however good or bad the model", () => {
    expect(judge(holdout({ count: 99, candidate: 1, ridge: 0 })).verdict).toBe("inconclusive");
    expect(judge(holdout({ count: 99, candidate: 0, ridge: 1 })).verdict).toBe("inconclusive");
    expect(judge([]).verdict).toBe("inconclusive");
    expect(judge(holdout({ count: 100, candidate: 1, ridge: 0 })).verdict).toBe("promote");
  });

  it("the tripwire rejects, and says that passing it proves little", () => {
    const rows = holdout({ count: 200, candidate: 0.9, ridge: 0.5 });
    const tight = { ...DEFAULT_GATE_RULE, tripwireRmse: 0.01 };
    expect(judgeModel({ evaluation: evaluation(rows), errors: rows }, tight).verdict).toBe("reject");
    expect(checkOf(judge(rows), "tripwire")?.why).toMatch(
      /is below 2\.000; a tripwire only, a constant scores 1\.\d{3}$/,
    );
  });

  it("an evaluation of other predictions, other rows or another model is rejected", () => {
    const rows = holdout({ count: 200, candidate: 0.9, ridge: 0.5 });
    const metrics = { rmse: 0.1, mae: 0.1, r2: 1 };
    expect(checkOf(judge(rows, { metrics }), "evaluation matches")?.verdict).toBe("reject");
    expect(checkOf(judge(rows, { testCount: 201 }), "evaluation matches")?.why).toBe(
      "200 predictions, but 201 rows evaluated",
    );
    const other = judgeModel({ evaluation: evaluation(rows), errors: rows, modelDigest: "cd".repeat(32) });
    expect(other.verdict).toBe("reject");
  });

  it("one seed gives one verdict, to the last digit", () => {
    const rows = holdout({ count: 579, candidate: 0.72, ridge: 0.7 });
    expect(judge(rows)).toEqual(judge(rows));
  });

  it("a model no better than ridge is promoted in at most about 5 of 100 holdouts", () => {
    const rule = { ...DEFAULT_GATE_RULE, resampleCount: 300 };
    let promotedCount = 0;
    for (let seed = 1; seed <= 300; seed += 1) {
      const rows = holdout({ count: 120, candidate: 0.6, ridge: 0.6, seed });
      if (judgeModel({ evaluation: evaluation(rows), errors: rows }, rule).verdict === "promote") promotedCount += 1;
    }
    expect(promotedCount / 300).toBeLessThan(0.1);
    expect(promotedCount).toBeGreaterThan(0);
  });

  it("any rows give a verdict and a reason for each check", () => {
    const figure = fc.double({ min: -100, max: 100, noNaN: true });
    const row = fc.record({ actual: figure, predicted: figure, ridge: figure, constant: figure });
    const quick = { ...DEFAULT_GATE_RULE, resampleCount: 20, minimumCount: 3 };
    fc.assert(
      fc.property(fc.array(row, { maxLength: 8 }), (rows) => {
        const gate = judgeModel({ evaluation: evaluation(rows), errors: rows }, quick);
        expect(gate.checks.every((check) => check.why !== "" && !check.why.includes("NaN"))).toBe(true);
      }),
    );
  });

  it("579 rows and 5,000 resamples against two baselines take less than 300 ms of processor time", () => {
    const rows = holdout({ count: 579, candidate: 0.9, ridge: 0.5 });
    judge(rows);
    const before = process.cpuUsage();
    judge(rows);
    const used = process.cpuUsage(before);
    expect((used.user + used.system) / 1000).toBeLessThan(300);
  });
});
