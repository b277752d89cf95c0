/**
 * The value below which the share `probability` (0–1) of `sorted` lies; `sorted` is ascending. Linear between the
 * two nearest order statistics: type 7 of R. Hyndman and Y. Fan, "Sample quantiles in statistical packages" (1996).
 * NaN when there are no values.
 */
export function quantile(sorted: ArrayLike<number>, probability: number): number {
  const position = (sorted.length - 1) * Math.min(1, Math.max(0, probability));
  const below = Math.floor(position);
  const low = sorted[below];
  if (low === undefined) return Number.NaN;
  const high = sorted[below + 1] ?? low;
  return low + (high - low) * (position - below);
}

/** The middle of `values`, in any order. NaN when there are none. */
export function median(values: ArrayLike<number>): number {
  return quantile(Float64Array.from(values).toSorted(), 0.5);
}
