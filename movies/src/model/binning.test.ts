import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { MAX_BINS, binMatrix, binOf, binThresholds } from "./binning.ts";

const value = fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), fc.integer({ min: -5, max: 5 }));

describe("bins", () => {
  it("stand between neighbours while there are few distinct values", () => {
    expect([...binThresholds(Float64Array.of(3, 1, Number.NaN, 2, 2, 1))]).toEqual([1.5, 2.5]);
    expect(binThresholds(Float64Array.of(7, 7))).toHaveLength(0);
    expect(binThresholds(Float64Array.of(Number.NaN))).toHaveLength(0);
  });

  it("are of equal weight when there are many distinct values", () => {
    const column = Float64Array.from({ length: 255 * 40 }, (_, index) => Math.exp(index / 1000));
    const thresholds = binThresholds(column);
    expect(thresholds).toHaveLength(MAX_BINS - 1);
    const counts = new Map<number, number>();
    for (const one of column) counts.set(binOf(one, thresholds), (counts.get(binOf(one, thresholds)) ?? 0) + 1);
    expect(new Set(counts.values())).toEqual(new Set([40]));
  });

  it("keep the order of the values, and hold each value between their limits", () => {
    fc.assert(
      fc.property(fc.array(value, { minLength: 1, maxLength: 600 }), (values) => {
        const thresholds = binThresholds(Float64Array.from(values));
        expect([...thresholds]).toEqual([...new Set(thresholds)].toSorted((a, b) => a - b));
        let last = 0;
        for (const one of values.toSorted((a, b) => a - b)) {
          const bin = binOf(one, thresholds);
          expect(bin).toBeGreaterThanOrEqual(last);
          expect(one <= (thresholds[bin] ?? Number.POSITIVE_INFINITY)).toBe(true);
          expect(one > (thresholds[bin - 1] ?? Number.NEGATIVE_INFINITY)).toBe(true);
          last = bin;
        }
      }),
      { numRuns: 50 },
    );
  });

  it("tell all distinct values apart while there are few", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.integer(), { minLength: 2, maxLength: MAX_BINS }), (values) => {
        const thresholds = binThresholds(Float64Array.from(values));
        expect(new Set(values.map((one) => binOf(one, thresholds))).size).toBe(values.length);
      }),
    );
  });

  it("put missing values last, in a bin of their own", () => {
    const column = Float64Array.of(1, Number.NaN, 2);
    const binned = binMatrix({ rowCount: 3, columns: [column, Float64Array.of(1, 1, 1)] }, 0);
    expect([...(binned.columns[0] ?? [])]).toEqual([0, 2, 1]);
    expect(binned.hasMissing).toEqual([true, false]);
    expect(binned.offsets).toEqual([0, 3]);
    expect(binned.totalBinCount).toBe(5);
  });

  it("of very many rows are drawn from a sample, the same for the same seed", () => {
    const column = Float64Array.from({ length: 200_001 }, (_, index) => Math.sqrt(index));
    const limits = (seed: number) => binMatrix({ rowCount: column.length, columns: [column] }, seed).thresholds[0];
    expect(limits(1)).toEqual(limits(1));
    expect(limits(1)).not.toEqual(limits(2));
    expect(limits(1)?.[127]).toBeCloseTo(Math.sqrt(100_000), -1);
  });
});
