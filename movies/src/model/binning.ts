import type { Matrix } from "./matrix.ts";
import { seededRandom } from "./random.ts";

/** Bins for present values; one more holds the missing ones, so that a bin's number fits a byte. */
export const MAX_BINS = 255;
/** Quantiles of more rows than this are taken from a sample of this size. */
const MAX_QUANTILE_ROWS = 200_000;

/** A matrix whose values are replaced by the numbers of their bins. */
export interface BinnedMatrix {
  readonly rowCount: number;
  readonly columns: readonly Uint8Array[];
  /** Per feature, the upper limits of all bins but the last: bin i holds limit i−1 < value ≤ limit i. */
  readonly thresholds: readonly Float64Array[];
  /** Per feature, whether training saw missing values; they stand in bin `thresholds.length + 1`. */
  readonly hasMissing: readonly boolean[];
  /** Where a feature's bins start in a histogram of all features. */
  readonly offsets: readonly number[];
  /** Of a histogram of all features. */
  readonly totalBinCount: number;
}

/** Bins each column by its own quantiles. `seed` draws the rows for the quantiles when there are very many. */
export function binMatrix(matrix: Matrix, seed: number): BinnedMatrix {
  const rows = matrix.rowCount > MAX_QUANTILE_ROWS ? sampleRows(matrix.rowCount, seed) : null;
  const thresholds = matrix.columns.map((column) =>
    binThresholds(rows === null ? column : Float64Array.from(rows, (row) => column[row] ?? Number.NaN)),
  );
  let totalBinCount = 0;
  const offsets = thresholds.map((limits) => {
    const offset = totalBinCount;
    totalBinCount += limits.length + 2;
    return offset;
  });
  return {
    rowCount: matrix.rowCount,
    columns: matrix.columns.map((column, feature) => binColumn(column, thresholds[feature] ?? new Float64Array())),
    thresholds,
    hasMissing: matrix.columns.map((column) => column.some((value) => Number.isNaN(value))),
    offsets,
    totalBinCount,
  };
}

/**
 * The limits between bins: the middle between neighbours while there are few distinct values, else quantiles. As
 * scikit-learn's `_find_binning_thresholds` does, quantiles by the averaged inverse of the distribution function.
 */
export function binThresholds(column: Float64Array): Float64Array {
  const sorted = column.toSorted();
  // Sorting leaves the missing values at the end.
  const missingStart = sorted.findIndex((value) => Number.isNaN(value));
  const present = missingStart < 0 ? sorted : sorted.subarray(0, missingStart);
  const distinct = distinctValues(present);
  if (distinct.length <= MAX_BINS) {
    return distinct.slice(1).map((value, index) => middle(distinct[index] as number, value));
  }
  const limits = new Float64Array(MAX_BINS - 1).map((_, index) => quantile(present, index + 1));
  return distinctValues(limits);
}

function distinctValues(sorted: Float64Array): Float64Array {
  const distinct = new Float64Array(sorted.length);
  let count = 0;
  for (const value of sorted) {
    if (count > 0 && value === distinct[count - 1]) continue;
    distinct[count] = value;
    count += 1;
  }
  return distinct.subarray(0, count);
}

/** Number of the bin that a present value falls into. */
export function binOf(value: number, thresholds: Float64Array): number {
  let low = 0;
  let high = thresholds.length;
  while (low < high) {
    const centre = (low + high - 1) >>> 1;
    if (value <= (thresholds[centre] as number)) high = centre;
    else low = centre + 1;
  }
  return low;
}

function binColumn(column: Float64Array, thresholds: Float64Array): Uint8Array {
  const missingBin = thresholds.length + 1;
  const bins = new Uint8Array(column.length);
  for (let row = 0; row < bins.length; row += 1) {
    const value = column[row] as number;
    bins[row] = Number.isNaN(value) ? missingBin : binOf(value, thresholds);
  }
  return bins;
}

/**
 * The limit below which `rank` of MAX_BINS equal parts of the sorted values lie; where it falls between two values
 * exactly, their middle. The product comes first: then an exact quotient has no rounding error.
 */
function quantile(sorted: Float64Array, rank: number): number {
  const position = (sorted.length * rank) / MAX_BINS;
  const index = Math.ceil(position) - 1;
  const value = sorted[index] as number;
  return Number.isInteger(position) ? middle(value, sorted[index + 1] as number) : value;
}

/** Between two neighbours; halved first, so that it cannot overflow. Never above `b`, so that a bin keeps its values. */
function middle(a: number, b: number): number {
  return Math.min(a / 2 + b / 2, b);
}

/** With replacement, as scikit-learn does. */
function sampleRows(rowCount: number, seed: number): Int32Array {
  const random = seededRandom(seed);
  return new Int32Array(MAX_QUANTILE_ROWS).map(() => Math.floor(random() * rowCount));
}
