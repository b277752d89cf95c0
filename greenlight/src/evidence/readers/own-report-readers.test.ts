import { describe, expect, it } from "vitest";

import { readAs, readProblem } from "../testing/sample.ts";

const MODEL = {
  algorithm: "histogram gradient boosting",
  digest: "a".repeat(64),
  featureSet: "A",
  split: "hash",
  trainCount: 2294,
  testCount: 579,
  metrics: { rmse: 1.009, mae: 0.78, r2: 0.29 },
  baselines: [{ name: "ridge", rmse: 1.041, mae: 0.81, r2: 0.24 }],
  slices: [{ by: "genre", name: "Drama", count: 150, rmse: 0.9, mae: 0.7, bias: -0.01 }],
  parameters: { rounds: 200, leaves: 12, columns: ["year"] },
  seed: 1,
};

function own(report: object): string {
  return JSON.stringify({ schema: 1, ...report });
}

describe("reports in Greenlight's own form", () => {
  it("a model evaluation comes out as evidence, without its schema number", () => {
    const text = JSON.stringify({ schema: 1, kind: "model", ...MODEL, extra: "dropped" });
    expect(readAs("model", { format: "model-evaluation", text })).toEqual({ kind: "model", ...MODEL });
  });

  it("the kind may be left out, because the format says it, but not differ", () => {
    expect(readAs("model", { format: "model-evaluation", text: JSON.stringify({ schema: 1, ...MODEL }) }).kind).toBe(
      "model",
    );
    const other = JSON.stringify({ schema: 1, kind: "gate", ...MODEL });
    expect(readProblem("model-evaluation", other).place).toBe("out/report, kind");
  });

  it("validation, gate and release reports are read", () => {
    const validation = {
      kind: "validation",
      source: "films",
      readCount: 3201,
      keptCount: 2873,
      rejectedCount: 323,
      quarantinedCount: 5,
      rules: [{ rule: "no title", action: "reject", rowCount: 1 }],
    };
    const gate = {
      kind: "gate",
      subject: "model a",
      verdict: "hold",
      checks: [{ name: "c", verdict: "hold", why: "w" }],
    };
    const parts = [{ name: "runtime", fileCount: 1, sizeBytes: 99 }];
    const release = { kind: "release", releaseId: "movies-1", digest: "d", fileCount: 1, sizeBytes: 99, parts };
    expect(readAs("validation", { format: "validation-report", text: own(validation) })).toEqual(validation);
    expect(readAs("gate", { format: "gate-report", text: own(gate) })).toEqual(gate);
    expect(readAs("release", { format: "release-report", text: own(release) })).toEqual(release);
  });

  it("lists and texts are bounded", () => {
    const rules = Array.from({ length: 800 }, () => ({ rule: "r".repeat(3000), action: "repair", rowCount: 1 }));
    const counts = { source: "s", readCount: 1, keptCount: 1, rejectedCount: 0, quarantinedCount: 0 };
    const text = JSON.stringify({ schema: 1, ...counts, rules });
    const found = readAs("validation", { format: "validation-report", text });
    expect(found.rules).toHaveLength(500);
    expect(found.rules[0]?.rule).toHaveLength(2000);
  });

  it("a figure that is missing or not a number is refused with its path", () => {
    const bad = { schema: 1, ...MODEL, metrics: { rmse: "1.0", mae: 1, r2: 0 } };
    expect(readProblem("model-evaluation", JSON.stringify(bad)).place).toBe("out/report, metrics.rmse");
    expect(readProblem("model-evaluation", JSON.stringify({ ...MODEL })).place).toBe("out/report, schema");
    expect(
      readProblem("gate-report", JSON.stringify({ schema: 1, subject: "s", verdict: "fine", checks: [] })).place,
    ).toBe("out/report, verdict");
  });
});
