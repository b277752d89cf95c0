/**
 * Between which values a quantile of what a histogram counted lies: the order statistics whose ranks bound it with about
 * the confidence of `z` standard deviations, widened to the edges of their buckets. `counts[i]` values were at most
 * `bounds[i]` and more than the bound before; one more count for the rest, which has no upper edge.
 * Source of the ranks: H. David, H. Nagaraja, "Order Statistics" (3rd ed., 2003), §7.1, by the normal approximation.
 */
export function quantileRange(
  histogram: { readonly bounds: readonly number[]; readonly counts: readonly number[] },
  probability: number,
  z: number,
): { readonly low: number; readonly middle: number; readonly high: number } | null {
  const total = histogram.counts.reduce((sum, count) => sum + count, 0);
  if (total === 0) return null;
  const rank = total * probability;
  const spread = z * Math.sqrt(total * probability * (1 - probability));
  const low = bucketAt(histogram.counts, Math.max(0, Math.floor(rank - spread)));
  const high = bucketAt(histogram.counts, Math.min(total - 1, Math.ceil(rank + spread)));
  const middle = bucketAt(histogram.counts, Math.min(total - 1, Math.floor(rank)));
  const edge = (index: number): number => (index < 0 ? 0 : (histogram.bounds[index] ?? Number.POSITIVE_INFINITY));
  return { low: edge(low - 1), middle: edge(middle), high: edge(high) };
}

/** Which bucket holds the value of this rank, from 0. */
function bucketAt(counts: readonly number[], rank: number): number {
  let seen = 0;
  for (const [index, count] of counts.entries()) {
    seen += count;
    if (rank < seen) return index;
  }
  return counts.length - 1;
}
