/** So many rows of no difference are added to each category: a few rows alone do not make one extreme. */
const PRIOR_ROWS = 5;

/**
 * Puts categories in the order of what goes along with them most: the column of normal scores that they tell apart best. One
 * normal variable can then stand for the category. `groups`: for each row the place of its category, -1 for none. Returns the
 * places in their new order; without a column that they tell apart, in the old one.
 */
export function orderCategories(
  groups: Int32Array,
  groupCount: number,
  numbers: readonly Float64Array[],
): readonly number[] {
  const places = Array.from({ length: groupCount }, (_, at) => at);
  let best: { readonly gain: number; readonly means: Float64Array } | null = null;
  for (const scores of numbers) {
    const found = shrunkMeans(groups, scores, groupCount);
    if (best === null || found.gain > best.gain) best = found;
  }
  if (best === null) return places;
  const { means } = best;
  return places.toSorted((a, b) => (means[a] as number) - (means[b] as number) || a - b);
}

/** Mean score of each group, drawn towards the mean of all, and how much of the variance these means explain. */
function shrunkMeans(
  groups: Int32Array,
  scores: Float64Array,
  groupCount: number,
): { readonly gain: number; readonly means: Float64Array } {
  const [sums, counts] = [new Float64Array(groupCount), new Float64Array(groupCount)];
  let [total, count, squares] = [0, 0, 0];
  for (const [row, group] of groups.entries()) {
    const score = scores[row] as number;
    if (group < 0 || score !== score) continue;
    sums[group] = (sums[group] as number) + score;
    counts[group] = (counts[group] as number) + 1;
    total += score;
    squares += score * score;
    count += 1;
  }
  const mean = count === 0 ? 0 : total / count;
  const means = sums.map((sum, at) => (sum + PRIOR_ROWS * mean) / ((counts[at] as number) + PRIOR_ROWS));
  const between = means.reduce((sum, each, at) => sum + (counts[at] as number) * (each - mean) ** 2, 0);
  const all = squares - count * mean * mean;
  return { gain: all > 0 ? between / all : 0, means };
}
