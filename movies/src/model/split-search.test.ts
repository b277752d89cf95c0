import * as fc from "fast-check";
import { expect, it } from "vitest";

import type { BinnedMatrix } from "./binning.ts";
import { binMatrix } from "./binning.ts";
import { buildHistogram, emptyHistogram } from "./histogram.ts";
import { findSplit, nodeStatistics } from "./split-search.ts";
import { arbitraryTable } from "./testing/arbitrary-table.ts";

const LIMITS = { minSamplesLeaf: 7, l2: 1 };

function searched(matrix: BinnedMatrix, gradients: Float32Array) {
  const histogram = emptyHistogram(matrix);
  buildHistogram(matrix, { rows: Int32Array.from(gradients, (_, row) => row), gradients }, histogram);
  const sum = gradients.reduce((total, gradient) => total + gradient, 0);
  return findSplit(matrix, histogram, nodeStatistics(sum, gradients.length, LIMITS.l2), LIMITS);
}

/** The greatest gain of any split whatever: each bin as the last of the left side, missing values on either side. */
function bestGain(matrix: BinnedMatrix, gradients: Float32Array): number {
  const score = (rows: readonly number[]) =>
    rows.reduce((sum, row) => sum + (gradients[row] ?? 0), 0) ** 2 / (rows.length + LIMITS.l2);
  const all = Array.from(gradients, (_, row) => row);
  const gains = matrix.columns.flatMap((column, feature) => {
    const missingBin = (matrix.thresholds[feature]?.length ?? 0) + 1;
    return Array.from({ length: missingBin }, (_, last) => last).flatMap((last) =>
      [true, false].map((isMissingLeft) => {
        const goesLeft = (row: number) => (column[row] === missingBin ? isMissingLeft : (column[row] ?? 0) <= last);
        const [left, right] = [all.filter(goesLeft), all.filter((row) => !goesLeft(row))];
        const isAllowed = Math.min(left.length, right.length) >= LIMITS.minSamplesLeaf;
        return isAllowed ? score(left) + score(right) - score(all) : 0;
      }),
    );
  });
  return Math.max(0, ...gains);
}

it("the split found gains as much as the best of all possible ones", () => {
  fc.assert(
    fc.property(arbitraryTable(), ({ matrix, targets }) => {
      const binned = binMatrix(matrix, 0);
      const gradients = Float32Array.from(targets, (target) => target - 5);
      const split = searched(binned, gradients);
      expect(split?.gain ?? 0).toBeCloseTo(bestGain(binned, gradients), 6);
    }),
    { numRuns: 60 },
  );
});

/** Gradients of 1 for rows from `low` to below `high`, of −1 elsewhere. */
function like(low: number, high: number): (row: number) => number {
  return (row) => (row >= low && row < high ? 1 : -1);
}

it("missing values go to the side where the gain is greater", () => {
  const column = Float64Array.from({ length: 60 }, (_, row) => (row < 20 ? Number.NaN : row < 40 ? 1 : 2));
  const binned = binMatrix({ rowCount: 60, columns: [column] }, 0);
  const split = (sign: (row: number) => number) =>
    searched(
      binned,
      Float32Array.from(column, (_, row) => sign(row)),
    );
  expect(split(like(0, 40))).toMatchObject({ bin: 0, isMissingLeft: true });
  expect(split((row) => like(0, 20)(row) + like(40, 60)(row))).toMatchObject({ bin: 0, isMissingLeft: false });
  // Only being missing tells: every present value goes left.
  expect(split(like(0, 20))).toMatchObject({ bin: 1, isMissingLeft: false, right: { count: 20, sum: 20 } });
});

it("a feature without missing values sends later ones to the larger side", () => {
  const column = Float64Array.from({ length: 60 }, (_, row) => (row < 20 ? 1 : 2));
  const binned = binMatrix({ rowCount: 60, columns: [column] }, 0);
  expect(
    searched(
      binned,
      Float32Array.from(column, (value) => value - 1.5),
    )?.isMissingLeft,
  ).toBe(false);
});

it("nothing is split where nothing gains, or a side would be too small", () => {
  const column = Float64Array.from({ length: 60 }, (_, row) => (row < 6 ? 1 : 2));
  const binned = binMatrix({ rowCount: 60, columns: [column] }, 0);
  expect(
    searched(
      binned,
      Float32Array.from(column, (value) => value),
    ),
  ).toBeNull();
  expect(searched(binned, new Float32Array(60))).toBeNull();
});
