/** One prediction beside the truth, in rating points. */
export interface Scored {
  readonly actual: number;
  readonly predicted: number;
}

export interface RegressionMetrics {
  /** Root of the mean squared error. */
  readonly rmse: number;
  /** Mean absolute error. */
  readonly mae: number;
  /** Share of the variance explained; 0 when there is none to explain. */
  readonly r2: number;
}

export interface Slice {
  readonly by: string;
  readonly name: string;
  readonly count: number;
  readonly rmse: number;
  readonly mae: number;
  /** Mean of predicted − actual. */
  readonly bias: number;
}

/** Of one or more predictions. */
export function regressionMetrics(scored: readonly Scored[]): RegressionMetrics {
  const meanActual = mean(scored.map(({ actual }) => actual));
  const squaredError = mean(scored.map(({ actual, predicted }) => (predicted - actual) ** 2));
  const variance = mean(scored.map(({ actual }) => (actual - meanActual) ** 2));
  return {
    rmse: Math.sqrt(squaredError),
    mae: mean(scored.map(({ actual, predicted }) => Math.abs(predicted - actual))),
    r2: variance === 0 ? 0 : 1 - squaredError / variance,
  };
}

/** Error by group, in alphabetical order; every prediction stands in one group. */
export function sliceMetrics<T extends Scored>(
  scored: readonly T[],
  by: string,
  groupOf: (item: T) => string,
): readonly Slice[] {
  const groups = new Map<string, T[]>();
  for (const item of scored) {
    const name = groupOf(item);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [item]);
    else group.push(item);
  }
  return [...groups]
    .toSorted(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, items]) => {
      const { mae, rmse } = regressionMetrics(items);
      const bias = mean(items.map(({ actual, predicted }) => predicted - actual));
      return { by, name, count: items.length, rmse, mae, bias };
    });
}

function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
