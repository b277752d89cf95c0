import { choleskyOf, correlationMatrix, nearestCorrelations, type Matrix } from "../correlation.ts";
import { seededRandom } from "../random.ts";
import { describeColumn, withoutRareNames, type ColumnDescription } from "./describe-column.ts";
import { correlated, dimensionsOf, drawIndependent, partOf, type Dimension, type GapPattern } from "./dimensions.ts";
import { normalScores, numbersOf } from "./numeric-cells.ts";
import { orderCategories } from "./order-categories.ts";
import type { Cell, Table } from "./table.ts";

/** A table as aggregate statistics: each column by itself, and how they go along with each other. Holds no row of the table. */
export interface TableDescription {
  readonly schema: 1;
  readonly kind: "table-description";
  readonly columns: readonly ColumnDescription[];
  /** Which values are missing together. */
  readonly patterns: readonly GapPattern[];
  /** Lower triangular root of the correlations of what `dimensionsOf(columns, patterns)` lists. */
  readonly root: Matrix;
}

const DRAWN_ROWS = 10_000;
const ROUNDS = 6;
const STEP = 0.9;
/** Beyond it, two columns would be one. */
const GREATEST = 0.99;
const SEED = 20_071;
const SELDOM_MISSING = 0.05;

/**
 * Describes a table by a Gaussian copula: behind each column, and behind the pattern of the gaps in a row, stands a normal
 * variable; their correlations are chosen so that drawn rows show those of the table. What can be seen of categories is weaker
 * than what stands behind, so it is found by drawing and correcting (after S. Ghosh and S. Henderson, "Behavior of the NORTA
 * method for correlated random vector generation as the dimension increases", ACM TOMACS 13, 2003). One table gives one description.
 */
export function fitTable(table: Table): TableDescription {
  const named = table.columns.map(withoutRareNames);
  const plain = named.map(describeColumn);
  const scores = named.map(({ cells }, at) => {
    const column = plain[at];
    return column?.kind === "number" ? normalScores(numbersOf(cells, column.dateForm)) : null;
  });
  const numbers = scores.filter((each) => each !== null);
  const gaps = Array.from({ length: table.rowCount }, (_, row) =>
    named.map(({ cells }) => (cells[row] === null ? "1" : "0")).join(""),
  );
  const patterns = inOrder(gaps, patternsOf(gaps), ({ gaps: key }) => key, numbers);
  const columns = plain.map((column, at) =>
    column.kind === "category"
      ? { ...column, values: inOrder(named[at]?.cells ?? [], column.values, ({ value }) => value, numbers) }
      : column,
  );
  const dimensions = dimensionsOf(columns, patterns);
  const wanted = correlationMatrix(
    dimensions.map(({ column, scores: parts }) => {
      if (column === null)
        return partScores(
          gaps,
          patterns.map((each) => each.gaps),
          parts,
        );
      const described = columns[column];
      const values = described?.kind === "category" ? described.values.map(({ value }) => value) : [];
      return scores[column] ?? partScores(named[column]?.cells ?? [], values, parts);
    }),
  );
  const random = seededRandom(SEED);
  const independent = Array.from({ length: DRAWN_ROWS }, () => drawIndependent(dimensions.length, random));
  const latent = findLatent(withoutSelection(wanted, dimensions, columns), { dimensions, patterns, independent });
  return { schema: 1, kind: "table-description", columns, patterns, root: choleskyOf(latent) };
}

/**
 * A column that is often empty must not go along with the pattern of the gaps: else its values would be drawn from one end of
 * its distribution only, wherever it has any.
 */
function withoutSelection(
  wanted: Matrix,
  dimensions: readonly Dimension[],
  columns: readonly ColumnDescription[],
): Matrix {
  const isOften = dimensions.map(
    ({ column }) => column !== null && (columns[column]?.missingShare ?? 0) > SELDOM_MISSING,
  );
  return wanted.map((row, i) =>
    row.map((value, j) => ((i === 0 && isOften[j] === true) || (j === 0 && isOften[i] === true) ? 0 : value)),
  );
}

function patternsOf(gaps: readonly string[]): readonly GapPattern[] {
  const counts = new Map<string, number>();
  for (const each of gaps) counts.set(each, (counts.get(each) ?? 0) + 1);
  return [...counts]
    .toSorted(([left, a], [right, b]) => b - a || (left < right ? -1 : 1))
    .map(([each, count]) => ({ gaps: each, share: count / gaps.length }));
}

/** The parts in the order of the numbers that go along with them. `cells` says for each row which part it is of. */
function inOrder<Key, Part>(
  cells: readonly Key[],
  parts: readonly Part[],
  keyOf: (part: Part) => Key,
  numbers: readonly Float64Array[],
): readonly Part[] {
  const places = new Map(parts.map((part, at) => [keyOf(part), at]));
  const groups = Int32Array.from(cells, (cell) => (cell === null ? -1 : (places.get(cell) ?? -1)));
  return orderCategories(groups, parts.length, numbers).map((at) => parts[at] as Part);
}

function partScores(cells: readonly Cell[], keys: readonly Cell[], scores: readonly number[]): Float64Array {
  const byKey = new Map(keys.map((key, at) => [key, scores[at] ?? Number.NaN]));
  return Float64Array.from(cells, (cell) => (cell === null ? Number.NaN : (byKey.get(cell) ?? Number.NaN)));
}

interface Drawing {
  readonly dimensions: readonly Dimension[];
  readonly patterns: readonly GapPattern[];
  /** The same in each round, so that only the correlations differ. */
  readonly independent: readonly Float64Array[];
}

/** The correlations of the normal variables with which drawn rows show the wanted ones. */
function findLatent(wanted: Matrix, drawing: Drawing): Matrix {
  let latent = nearestCorrelations(wanted);
  for (let round = 0; round < ROUNDS; round += 1) {
    const seen = correlationMatrix(drawScores(latent, drawing));
    const corrected = latent.map((row, i) =>
      row.map((value, j) => {
        const error = (wanted[i]?.[j] ?? 0) - (seen[i]?.[j] ?? 0);
        return i === j ? 1 : Math.max(-GREATEST, Math.min(GREATEST, value + STEP * error));
      }),
    );
    latent = nearestCorrelations(corrected);
  }
  return latent;
}

/** What would be measured of drawn rows, by dimension. */
function drawScores(correlations: Matrix, drawing: Drawing): readonly Float64Array[] {
  const { dimensions, patterns, independent } = drawing;
  const root = choleskyOf(correlations);
  const drawn = dimensions.map(() => new Float64Array(DRAWN_ROWS));
  for (const [row, each] of independent.entries()) {
    const latent = correlated(root, each);
    const gaps = patterns[partOf(dimensions[0]?.cuts ?? [], latent[0] as number)]?.gaps ?? "";
    for (const [at, { column, cuts, scores }] of dimensions.entries()) {
      const z = latent[at] as number;
      const score = scores.length === 0 ? z : (scores[partOf(cuts, z)] as number);
      (drawn[at] as Float64Array)[row] = column !== null && gaps[column] === "1" ? Number.NaN : score;
    }
  }
  return drawn;
}
