import { ranks } from "../correlation.ts";
import { normalQuantile } from "../normal.ts";
import { dayOf, type DateForm } from "./date-form.ts";
import type { Cell } from "./table.ts";

/** The cells of a column of numbers, or of days, as numbers; NaN where there is none. */
export function numbersOf(cells: readonly Cell[], dateForm: DateForm | null): Float64Array {
  return Float64Array.from(cells, (cell) => {
    if (typeof cell === "number") return cell;
    return typeof cell === "string" && dateForm !== null ? (dayOf(cell, dateForm) ?? Number.NaN) : Number.NaN;
  });
}

/** Each value's rank as the quantile of a normal distribution (B. van der Waerden, 1952); NaN stays NaN. */
export function normalScores(values: Float64Array): Float64Array {
  const count = values.reduce((sum, value) => sum + (Number.isNaN(value) ? 0 : 1), 0);
  return ranks(values).map((rank) => (Number.isNaN(rank) ? rank : normalQuantile((rank - 0.5) / count)));
}
