import * as fc from "fast-check";
import { expect, it } from "vitest";

import { binMatrix } from "./binning.ts";
import { buildHistogram, emptyHistogram, subtractHistogram } from "./histogram.ts";
import { arbitraryTable } from "./testing/arbitrary-table.ts";

/** Six features: four that are built in one pass, and two alone. */
const tables = arbitraryTable().map(({ matrix, targets }) => ({
  matrix: binMatrix({ ...matrix, columns: [...matrix.columns, ...matrix.columns.toReversed()] }, 0),
  gradients: Float32Array.from(targets),
}));

it("a histogram counts and sums the rows of each bin", () => {
  fc.assert(
    fc.property(tables, ({ gradients, matrix }) => {
      const histogram = emptyHistogram(matrix);
      const rows = Int32Array.from(gradients, (_, row) => row);
      buildHistogram(matrix, { rows, gradients }, histogram);
      const sums = new Float64Array(matrix.totalBinCount);
      const counts = new Int32Array(matrix.totalBinCount);
      matrix.columns.forEach((column, feature) => {
        column.forEach((bin, row) => {
          const index = (matrix.offsets[feature] ?? 0) + bin;
          sums[index] = (sums[index] ?? 0) + (gradients[row] ?? 0);
          counts[index] = (counts[index] ?? 0) + 1;
        });
      });
      expect(histogram.sums).toEqual(sums);
      expect(histogram.counts).toEqual(counts);
    }),
    { numRuns: 40 },
  );
});

it("subtracting one child's histogram from the parent's gives the other child's", () => {
  fc.assert(
    fc.property(tables, fc.array(fc.boolean(), { minLength: 120, maxLength: 120 }), ({ gradients, matrix }, sides) => {
      const all = Int32Array.from(gradients, (_, row) => row);
      const built = (rows: Int32Array) => {
        const histogram = emptyHistogram(matrix);
        buildHistogram(matrix, { rows, gradients: Float32Array.from(rows, (row) => gradients[row] ?? 0) }, histogram);
        return histogram;
      };
      const [parent, left, right] = [
        built(all),
        built(all.filter((row) => sides[row])),
        built(all.filter((row) => sides[row] === false)),
      ];
      subtractHistogram(parent, left);
      expect(parent.counts).toEqual(right.counts);
      parent.sums.forEach((sum, bin) => expect(sum).toBeCloseTo(right.sums[bin] ?? Number.NaN, 9));
    }),
    { numRuns: 40 },
  );
});
