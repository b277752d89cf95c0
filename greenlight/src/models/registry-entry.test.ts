import { describe, expect, it } from "vitest";

import { errorsText, registryEntry } from "./registry-entry.ts";

const DIGESTS = { model: "a1b2c3d4e5f6".padEnd(64, "0"), lineage: "1", errors: "2", predictions: "3" };
const MADE = {
  project: "movies",
  lineage: { code: { digest: "c0de" }, data: { digest: "da7a", filmCount: 2873 } },
  evaluation: {
    kind: "model",
    algorithm: "boosting",
    digest: DIGESTS.model,
    featureSet: "A",
    split: "hash",
    trainCount: 2294,
    testCount: 579,
    metrics: { rmse: 1.009, mae: 0.78, r2: 0.29 },
    baselines: [{ name: "ridge", rmse: 1.04, mae: 0.8, r2: 0.2 }],
    slices: [],
    parameters: { rounds: 200 },
    seed: 7,
  },
  gate: { kind: "gate", subject: "m", verdict: "reject", checks: [] },
  digests: DIGESTS,
} as const;

describe("registryEntry", () => {
  it("holds lineage, figures, digests and the verdict, as plain JSON", () => {
    const entry = registryEntry(MADE);
    expect(entry).toMatchObject({
      schema: 1,
      kind: "model-version",
      project: "movies",
      version: "a1b2c3d4e5f6",
      code: { digest: "c0de" },
      data: { digest: "da7a", filmCount: 2873 },
      parameters: { rounds: 200 },
      seed: 7,
      metrics: { rmse: 1.009 },
      errorsDigest: "2",
      verdict: "reject",
    });
    expect(JSON.parse(JSON.stringify(entry))).toEqual(entry);
  });

  it("the trainer's own version wins over the digest", () => {
    expect(registryEntry({ ...MADE, lineage: { ...MADE.lineage, version: "2026-1" } }).version).toBe("2026-1");
  });
});

describe("errorsText", () => {
  const rows = [
    { key: "b", actual: 7, predicted: 6.5 },
    { key: 'a"\n', actual: 1, predicted: 1.1 },
  ];

  it("is a line a row, whatever the order of the rows", () => {
    expect(errorsText(rows)).toBe('"a\\"\\n" 0.10000000000000009\n"b" -0.5\n');
    expect(errorsText(rows.toReversed())).toBe(errorsText(rows));
  });

  it("differs when one error differs in its last digit", () => {
    const moved = rows.map((row) => (row.key === "b" ? { ...row, predicted: 6.500000000000001 } : row));
    expect(errorsText(moved)).not.toBe(errorsText(rows));
  });
});
