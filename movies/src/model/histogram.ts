import type { BinnedMatrix } from "./binning.ts";

/** Of the rows of one node, per bin of every feature: the sum of gradients and the number of rows. */
export interface Histogram {
  readonly sums: Float64Array;
  readonly counts: Int32Array;
  /** Per feature, the part of `sums` that is its own. */
  readonly sumsOf: readonly Float64Array[];
  readonly countsOf: readonly Int32Array[];
}

/** A node's rows with their gradients beside them, so that each feature's pass reads the gradients in order. */
export interface NodeRows {
  readonly rows: Int32Array;
  readonly gradients: Float32Array;
}

export function emptyHistogram({ offsets, totalBinCount }: BinnedMatrix): Histogram {
  const sums = new Float64Array(totalBinCount);
  const counts = new Int32Array(totalBinCount);
  return {
    sums,
    counts,
    sumsOf: offsets.map((offset, feature) => sums.subarray(offset, offsets[feature + 1])),
    countsOf: offsets.map((offset, feature) => counts.subarray(offset, offsets[feature + 1])),
  };
}

/** Builds the histogram of a node's rows into `out`, four features a pass: that halves the time. */
export function buildHistogram(matrix: BinnedMatrix, node: NodeRows, out: Histogram): void {
  out.sums.fill(0);
  out.counts.fill(0);
  const featureCount = matrix.columns.length;
  const grouped = featureCount - (featureCount % 4);
  for (let feature = 0; feature < grouped; feature += 4) addFourFeatures(matrix, node, { feature, out });
  for (let feature = grouped; feature < featureCount; feature += 1) addFeature(matrix, node, { feature, out });
}

/** Turns the histogram of a node into that of one child, given the other child's: cheaper than counting again. */
export function subtractHistogram(parent: Histogram, child: Histogram): void {
  const { counts, sums } = parent;
  for (let bin = 0; bin < sums.length; bin += 1) {
    sums[bin] = (sums[bin] as number) - (child.sums[bin] as number);
    counts[bin] = (counts[bin] as number) - (child.counts[bin] as number);
  }
}

// The two loops below take most of training's time. Casts instead of checks: the indices are in bounds by construction.

function addFeature(
  matrix: BinnedMatrix,
  { gradients, rows }: NodeRows,
  { feature, out }: { feature: number; out: Histogram },
): void {
  const column = matrix.columns[feature] as Uint8Array;
  const sums = out.sumsOf[feature] as Float64Array;
  const counts = out.countsOf[feature] as Int32Array;
  const rowCount = rows.length;
  for (let index = 0; index < rowCount; index += 1) {
    const bin = column[rows[index] as number] as number;
    sums[bin] = (sums[bin] as number) + (gradients[index] as number);
    counts[bin] = (counts[bin] as number) + 1;
  }
}

function addFourFeatures(
  matrix: BinnedMatrix,
  { gradients, rows }: NodeRows,
  { feature, out }: { feature: number; out: Histogram },
): void {
  const [columnA, columnB, columnC, columnD] = fourFrom(matrix.columns, feature);
  const [sumsA, sumsB, sumsC, sumsD] = fourFrom(out.sumsOf, feature);
  const [countsA, countsB, countsC, countsD] = fourFrom(out.countsOf, feature);
  const rowCount = rows.length;
  for (let index = 0; index < rowCount; index += 1) {
    const row = rows[index] as number;
    const gradient = gradients[index] as number;
    const binA = columnA[row] as number;
    sumsA[binA] = (sumsA[binA] as number) + gradient;
    countsA[binA] = (countsA[binA] as number) + 1;
    const binB = columnB[row] as number;
    sumsB[binB] = (sumsB[binB] as number) + gradient;
    countsB[binB] = (countsB[binB] as number) + 1;
    const binC = columnC[row] as number;
    sumsC[binC] = (sumsC[binC] as number) + gradient;
    countsC[binC] = (countsC[binC] as number) + 1;
    const binD = columnD[row] as number;
    sumsD[binD] = (sumsD[binD] as number) + gradient;
    countsD[binD] = (countsD[binD] as number) + 1;
  }
}

function fourFrom<T>(items: readonly T[], start: number): [T, T, T, T] {
  return [items[start] as T, items[start + 1] as T, items[start + 2] as T, items[start + 3] as T];
}
