import { rankCorrelation } from "../correlation.ts";
import { describeColumn } from "./describe-column.ts";
import { numbersOf } from "./numeric-cells.ts";
import { columnName, type Cell, type Table, type TableColumn } from "./table.ts";

/** How far two tables of one shape are apart. 0 everywhere: not at all. */
export interface TableDistance {
  readonly columns: readonly {
    readonly name: string;
    /** Numbers: the greatest distance of the distribution functions (Kolmogorov and Smirnov). Categories: half the sum of the differences of all shares. Text: null. */
    readonly distance: number | null;
    /** Difference of the shares without a value. */
    readonly missing: number;
  }[];
  /** Greatest difference of Spearman's rank correlation over all pairs of numeric columns with enough common rows. */
  readonly correlation: number;
  /** The same, on average. */
  readonly meanCorrelation: number;
}

/** Rank correlations of fewer rows differ by chance alone. */
const LEAST_ROWS = 200;

/** Compares `second` with `first`, which says what kind of column each is. Both have the same columns in the same order. */
export function compareTables(first: Table, second: Table): TableDistance {
  const pairs = first.columns.map((column, at) => ({ column, other: second.columns[at] ?? { ...column, cells: [] } }));
  const numeric: { readonly left: Float64Array; readonly right: Float64Array }[] = [];
  const columns = pairs.map(({ column, other }) => {
    const described = describeColumn(column);
    const missing = Math.abs(missingShare(column) - missingShare(other));
    const name = columnName(column);
    if (described.kind === "category") return { name, missing, distance: frequencyDistance(column.cells, other.cells) };
    if (described.kind !== "number") return { name, missing, distance: null };
    const [left, right] = [numbersOf(column.cells, described.dateForm), numbersOf(other.cells, described.dateForm)];
    numeric.push({ left, right });
    return { name, missing, distance: kolmogorovSmirnov(left, right) };
  });
  const differences = numeric.flatMap((one, at) =>
    numeric
      .slice(at + 1)
      .map((two) =>
        Math.abs(rankCorrelation(one.left, two.left, LEAST_ROWS) - rankCorrelation(one.right, two.right, LEAST_ROWS)),
      )
      .filter((difference) => !Number.isNaN(difference)),
  );
  return {
    columns,
    correlation: Math.max(0, ...differences),
    meanCorrelation:
      differences.length === 0 ? 0 : differences.reduce((sum, each) => sum + each, 0) / differences.length,
  };
}

function missingShare({ cells }: TableColumn): number {
  return cells.length === 0 ? 1 : cells.filter((cell) => cell === null).length / cells.length;
}

/** Greatest distance of two empirical distribution functions; NaN is no value. 1 when one of them has none. */
export function kolmogorovSmirnov(left: Float64Array, right: Float64Array): number {
  const [a, b] = [left, right].map((values) => values.filter((value) => !Number.isNaN(value)).toSorted()) as [
    Float64Array,
    Float64Array,
  ];
  if (a.length === 0 || b.length === 0) return a.length === b.length ? 0 : 1;
  let [i, j, greatest] = [0, 0, 0];
  while (i < a.length && j < b.length) {
    const value = Math.min(a[i] as number, b[j] as number);
    while (i < a.length && a[i] === value) i += 1;
    while (j < b.length && b[j] === value) j += 1;
    greatest = Math.max(greatest, Math.abs(i / a.length - j / b.length));
  }
  return greatest;
}

/** Half the sum of the differences of all shares: 0 for equal frequencies, 1 when no value is common. */
export function frequencyDistance(left: readonly Cell[], right: readonly Cell[]): number {
  const shares = [left, right].map((cells) => {
    const present = cells.filter((cell) => cell !== null);
    const found = new Map<Cell, number>();
    for (const cell of present) found.set(cell, (found.get(cell) ?? 0) + 1 / present.length);
    return found;
  });
  const values = new Set(shares.flatMap((each) => [...each.keys()]));
  let sum = 0;
  for (const value of values) sum += Math.abs((shares[0]?.get(value) ?? 0) - (shares[1]?.get(value) ?? 0));
  return sum / 2;
}
