import { quantile } from "../quantile.ts";
import { dateFormOf, dayOf, type DateForm } from "./date-form.ts";
import { columnName, type Cell, type TableColumn } from "./table.ts";

/** What is known of a column by itself: its distribution, never which row has what. */
export type ColumnDescription = {
  readonly path: readonly string[];
  readonly isLeftOut: boolean;
  readonly missingShare: number;
} & (
  | {
      readonly kind: "number";
      /** Quantiles at equal steps from the least to the greatest. */
      readonly quantiles: readonly number[];
      readonly decimals: number;
      /** Set: the numbers are days, written so. */
      readonly dateForm: DateForm | null;
    }
  | {
      readonly kind: "category";
      /** In the order of what goes along with them, with the share of each among all that have a value. */
      readonly values: readonly { readonly value: Cell; readonly share: number }[];
    }
  | {
      readonly kind: "text";
      /** Quantiles of the length. */
      readonly lengths: readonly number[];
      /** The share of values that are numbers. */
      readonly numberShare: number;
    }
  | { readonly kind: "empty" }
);

const QUANTILE_STEPS = 200;
const LENGTH_STEPS = 10;
/** A text of fewer rows than this gets a made-up name. */
const LEAST_SHARED = 5;
/** Texts of which more than this share are different are taken as free text. */
const TEXT_SHARE = 0.5;
/** So few different ones are categories, however few rows there are. */
const FEW_VALUES = 10;
const MAX_VALUES = 5000;
const MAX_DECIMALS = 6;

/** Describes one column; categories come in the order of their frequency. */
export function describeColumn(column: TableColumn): ColumnDescription {
  const present = column.cells.filter((cell) => cell !== null);
  const common = {
    path: column.path,
    isLeftOut: column.isLeftOut,
    missingShare: column.cells.length === 0 ? 1 : 1 - present.length / column.cells.length,
  };
  if (present.length === 0) return { ...common, kind: "empty" };
  if (present.every((cell) => typeof cell === "number")) {
    const decimals = Math.max(0, ...new Set(present.map(decimalsOf)));
    return { ...common, kind: "number", quantiles: quantilesOf(present, QUANTILE_STEPS), decimals, dateForm: null };
  }
  const texts = present.filter((cell) => typeof cell === "string");
  const dateForm = texts.length === present.length ? dateFormOf(texts) : null;
  if (dateForm !== null) {
    const days = texts.map((text) => dayOf(text, dateForm) ?? 0);
    return { ...common, kind: "number", quantiles: quantilesOf(days, QUANTILE_STEPS), decimals: 0, dateForm };
  }
  const counts = countsOf(present);
  if (isFreeText(present, counts)) {
    const lengths = texts.map((text) => text.length);
    const numberShare = present.filter((cell) => typeof cell === "number").length / present.length;
    return { ...common, kind: "text", lengths: quantilesOf(lengths, LENGTH_STEPS), numberShare };
  }
  const values = ranked(counts).map(([value, count]) => ({ value, share: count / present.length }));
  return { ...common, kind: "category", values };
}

/**
 * The column with made-up names in place of texts that few rows share: these could tell of one of them. Free text, numbers and
 * days are left as they are; no description keeps them.
 */
export function withoutRareNames(column: TableColumn): TableColumn {
  const present = column.cells.filter((cell) => cell !== null);
  const texts = present.filter((cell) => typeof cell === "string");
  const counts = countsOf(present);
  if (texts.length === 0 || isFreeText(present, counts)) return column;
  if (texts.length === present.length && dateFormOf(texts) !== null) return column;
  const names = new Map<Cell, string>();
  for (const [index, [value, count]] of ranked(counts).entries())
    if (typeof value === "string" && count < LEAST_SHARED) names.set(value, `${columnName(column)} ${index + 1}`);
  return { ...column, cells: column.cells.map((cell) => names.get(cell) ?? cell) };
}

function isFreeText(present: readonly Cell[], counts: ReadonlyMap<Cell, number>): boolean {
  if (!present.some((cell) => typeof cell === "string") || counts.size <= FEW_VALUES) return false;
  return counts.size > TEXT_SHARE * present.length || counts.size > MAX_VALUES;
}

function countsOf(present: readonly Cell[]): ReadonlyMap<Cell, number> {
  const counts = new Map<Cell, number>();
  for (const cell of present) counts.set(cell, (counts.get(cell) ?? 0) + 1);
  return counts;
}

/** The most frequent first; of equally frequent ones the alphabetically first. */
function ranked(counts: ReadonlyMap<Cell, number>): readonly (readonly [Cell, number])[] {
  return [...counts].toSorted(
    ([left, leftCount], [right, rightCount]) => rightCount - leftCount || (String(left) < String(right) ? -1 : 1),
  );
}

function quantilesOf(values: readonly number[], steps: number): readonly number[] {
  const sorted = Float64Array.from(values).toSorted();
  return Array.from({ length: steps + 1 }, (_, step) => quantile(sorted, step / steps));
}

function decimalsOf(value: number): number {
  for (let decimals = 0; decimals < MAX_DECIMALS; decimals += 1) {
    if (Number(value.toFixed(decimals)) === value) return decimals;
  }
  return MAX_DECIMALS;
}
