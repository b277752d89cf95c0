import { quantile } from "./quantile.ts";
import { seededRandom } from "./random.ts";

export interface BootstrapOptions {
  readonly resampleCount: number;
  readonly seed: number;
}

/**
 * The distribution of a statistic under resampling of its units with replacement: one value a resample, ascending.
 * `statistic` gets the picked units' indices, a buffer that is overwritten next time. A comparison is paired by
 * reading both sides at the same index.
 * Source: B. Efron, "Bootstrap methods: another look at the jackknife", Annals of Statistics 7 (1979).
 */
export function bootstrap(
  unitCount: number,
  statistic: (picks: Uint32Array) => number,
  options: BootstrapOptions,
): Float64Array {
  const random = seededRandom(options.seed);
  const picks = new Uint32Array(unitCount);
  const values = new Float64Array(options.resampleCount);
  for (let resample = 0; resample < values.length; resample += 1) {
    random.fillBelow(unitCount, picks);
    values[resample] = statistic(picks);
  }
  return values.toSorted();
}

/** As `bootstrap`, for two samples that are not paired: each side is resampled for itself. */
export function bootstrapTwoSamples(
  counts: { readonly left: number; readonly right: number },
  statistic: (left: Uint32Array, right: Uint32Array) => number,
  options: BootstrapOptions,
): Float64Array {
  const random = seededRandom(options.seed);
  const left = new Uint32Array(counts.left);
  const right = new Uint32Array(counts.right);
  const values = new Float64Array(options.resampleCount);
  for (let resample = 0; resample < values.length; resample += 1) {
    random.fillBelow(counts.left, left);
    random.fillBelow(counts.right, right);
    values[resample] = statistic(left, right);
  }
  return values.toSorted();
}

/** The two-sided percentile interval that holds the share `level` (0–1) of ascending `values`. */
export function percentileInterval(
  values: Float64Array,
  level: number,
): { readonly low: number; readonly high: number } {
  const tail = (1 - level) / 2;
  return { low: quantile(values, tail), high: quantile(values, 1 - tail) };
}

/** The one-sided upper bound: the share `level` (0–1) of ascending `values` lies below it. */
export function upperBound(values: Float64Array, level: number): number {
  return quantile(values, level);
}
