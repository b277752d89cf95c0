import type { Matrix } from "./matrix.ts";

/** Ridge penalty on standardised features. */
const ALPHA = 10;

/** A linear model. Plain JSON. */
export interface Ridge {
  readonly intercept: number;
  /** Per feature: what stands in for a missing value, the training mean and standard deviation, the weight. */
  readonly features: readonly {
    readonly median: number;
    readonly mean: number;
    readonly deviation: number;
    readonly weight: number;
  }[];
}

/**
 * Fits ridge regression: missing values take the training median, features are standardised, and the weights w
 * minimise ‖y − Xw‖² + 10 ‖w‖²; the intercept is not penalised.
 */
export function fitRidge(matrix: Matrix, targets: Float64Array): Ridge {
  const intercept = mean(targets);
  const scales = matrix.columns.map(columnScale);
  const columns = matrix.columns.map((column, feature) => {
    const { deviation, mean: centre, median } = scales[feature] as ColumnScale;
    return column.map((value) => ((Number.isNaN(value) ? median : value) - centre) / deviation);
  });
  const centred = targets.map((target) => target - intercept);
  const gram = columns.map((a, i) => Float64Array.from(columns, (b, j) => dot(a, b) + (i === j ? ALPHA : 0)));
  const weights = solvePositive(
    gram,
    Float64Array.from(columns, (column) => dot(column, centred)),
  );
  return {
    intercept,
    features: scales.map(({ deviation, mean: centre, median }, feature) => {
      return { median, mean: centre, deviation, weight: weights[feature] as number };
    }),
  };
}

export function predictRidge({ features, intercept }: Ridge, row: Float64Array): number {
  return features.reduce((sum, { deviation, mean: centre, median, weight }, feature) => {
    const value = row[feature] ?? Number.NaN;
    return sum + (weight * ((Number.isNaN(value) ? median : value) - centre)) / deviation;
  }, intercept);
}

interface ColumnScale {
  readonly median: number;
  readonly mean: number;
  readonly deviation: number;
}

/** A column without values is all zeros; a constant one is left unscaled. */
function columnScale(column: Float64Array): ColumnScale {
  const present = column.filter((value) => !Number.isNaN(value)).toSorted();
  const half = present.length / 2;
  const median = ((present[Math.ceil(half) - 1] ?? 0) + (present[Math.floor(half)] ?? 0)) / 2;
  const filled = column.map((value) => (Number.isNaN(value) ? median : value));
  const centre = mean(filled);
  const deviation = Math.sqrt(filled.reduce((sum, value) => sum + (value - centre) ** 2, 0) / filled.length);
  return { median, mean: centre, deviation: deviation === 0 ? 1 : deviation };
}

/** Solves A x = b for a symmetric positive definite A by Cholesky decomposition, in place of A. */
function solvePositive(a: readonly Float64Array[], b: Float64Array): Float64Array {
  const size = b.length;
  const at = (row: number, column: number) => (a[row] as Float64Array)[column] as number;
  for (let column = 0; column < size; column += 1) {
    for (let row = column; row < size; row += 1) {
      let sum = at(row, column);
      for (let k = 0; k < column; k += 1) sum -= at(row, k) * at(column, k);
      (a[row] as Float64Array)[column] = row === column ? Math.sqrt(sum) : sum / at(column, column);
    }
  }
  const x = Float64Array.from(b);
  for (let row = 0; row < size; row += 1) {
    let sum = x[row] as number;
    for (let k = 0; k < row; k += 1) sum -= at(row, k) * (x[k] as number);
    x[row] = sum / at(row, row);
  }
  for (let row = size - 1; row >= 0; row -= 1) {
    let sum = x[row] as number;
    for (let k = row + 1; k < size; k += 1) sum -= at(k, row) * (x[k] as number);
    x[row] = sum / at(row, row);
  }
  return x;
}

function mean(values: Float64Array): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let index = 0; index < a.length; index += 1) sum += (a[index] as number) * (b[index] as number);
  return sum;
}
