import type { Matrix } from "../correlation.ts";
import { normalDensity, normalQuantile } from "../normal.ts";
import type { Random } from "../random.ts";
import type { ColumnDescription } from "./describe-column.ts";

/** Which columns lack a value in a row ("1": it does), and the share of rows of which that holds. */
export interface GapPattern {
  readonly gaps: string;
  readonly share: number;
}

/** One normal variable behind a table: which gaps a row has, or which value a column. */
export interface Dimension {
  /** The column's place in the description; null: it is about the gaps. */
  readonly column: number | null;
  /** Below the first cut is the first category or pattern, and so on. Numbers have none. */
  readonly cuts: readonly number[];
  /** What a part counts as when correlations are measured: the mean of its part of the normal distribution. */
  readonly scores: readonly number[];
}

/** The normal variables of a description: that of the gaps, then one for each column of numbers or categories. */
export function dimensionsOf(
  columns: readonly ColumnDescription[],
  patterns: readonly GapPattern[],
): readonly Dimension[] {
  const values = columns.flatMap((column, at): Dimension[] => {
    if (column.kind === "number") return [{ column: at, cuts: [], scores: [] }];
    return column.kind === "category" ? [{ column: at, ...slices(column.values) }] : [];
  });
  return [{ column: null, ...slices(patterns) }, ...values];
}

/** Cuts a normal distribution into parts of the given shares. */
function slices(values: readonly { readonly share: number }[]): Pick<Dimension, "cuts" | "scores"> {
  const cuts: number[] = [];
  const scores: number[] = [];
  let [below, low] = [0, Number.NEGATIVE_INFINITY];
  for (const [index, { share }] of values.entries()) {
    below += share;
    const high = index === values.length - 1 ? Number.POSITIVE_INFINITY : normalQuantile(Math.min(1, below));
    scores.push((normalDensity(low) - normalDensity(high)) / share);
    if (index < values.length - 1) cuts.push(high);
    low = high;
  }
  return { cuts, scores };
}

/** Which part `z` falls into: how many cuts are not above it. */
export function partOf(cuts: readonly number[], z: number): number {
  let [low, high] = [0, cuts.length];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((cuts[middle] as number) <= z) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Independent normal variables. */
export function drawIndependent(count: number, random: Random): Float64Array {
  return Float64Array.from({ length: count }, () => normalQuantile((random.next() + 0.5) / 2 ** 32));
}

/** The same variables with the correlations that `root` (lower triangular) stands for. */
export function correlated(root: Matrix, independent: Float64Array): Float64Array {
  const latent = new Float64Array(root.length);
  for (const [at, row] of root.entries()) {
    let sum = 0;
    for (let k = 0; k <= at; k += 1) sum += (row[k] as number) * (independent[k] as number);
    latent[at] = sum;
  }
  return latent;
}
