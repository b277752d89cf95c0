import { bootstrap, upperBound } from "../statistics/bootstrap.ts";

/** Of a paired comparison on one holdout; all figures in the unit of the target, lower is better. */
export interface RmseComparison {
  readonly candidate: number;
  readonly reference: number;
  /** Candidate − reference. */
  readonly difference: number;
  /** One-sided upper bound of the difference. */
  readonly upper: number;
  /** The smallest gain that this holdout shows with 80 % power: (z₀.₉₅ + z₀.₈) standard errors. */
  readonly detectable: number;
}

/**
 * Paired bootstrap over rows of the RMSE difference between `predicted` and the named baseline; percentile method.
 * Rows are resampled together, so what both models find hard cancels out. `rows` must not be empty.
 */
export function compareRmse<Baseline extends string>(
  rows: readonly ({ readonly actual: number; readonly predicted: number } & Readonly<Record<Baseline, number>>)[],
  baseline: Baseline,
  options: { readonly resampleCount: number; readonly seed: number; readonly confidence: number },
): RmseComparison {
  const candidateSquares = squares(rows, "predicted");
  const referenceSquares = squares(rows, baseline);
  const differences = bootstrap(
    rows.length,
    (picks) => rmseAt(candidateSquares, picks) - rmseAt(referenceSquares, picks),
    options,
  );
  const candidate = rmse(candidateSquares);
  const reference = rmse(referenceSquares);
  return {
    candidate,
    reference,
    difference: candidate - reference,
    upper: upperBound(differences, options.confidence),
    detectable: (1.645 + 0.842) * standardDeviation(differences),
  };
}

/** Root mean squared error of one column of predictions; NaN without rows. */
export function rmseOf<Column extends string>(
  rows: readonly ({ readonly actual: number } & Readonly<Record<Column, number>>)[],
  column: Column,
): number {
  return rmse(squares(rows, column));
}

function squares<Column extends string>(
  rows: readonly ({ readonly actual: number } & Readonly<Record<Column, number>>)[],
  column: Column,
): Float64Array {
  return Float64Array.from(rows, (row) => (row[column] - row.actual) ** 2);
}

function rmse(values: Float64Array): number {
  return Math.sqrt(values.reduce((sum, value) => sum + value, 0) / values.length);
}

function rmseAt(values: Float64Array, picks: Uint32Array): number {
  let sum = 0;
  // Picks lie in range by construction; a check of each, or an iterator, would double the time of millions of rounds.
  for (let index = 0; index < picks.length; index += 1) sum += values[picks[index] as number] as number;
  return Math.sqrt(sum / picks.length);
}

function standardDeviation(values: Float64Array): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  return Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length);
}
