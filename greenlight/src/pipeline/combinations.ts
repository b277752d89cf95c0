import type { Matrix, MatrixValue } from "./definition.ts";

type Values = Readonly<Record<string, MatrixValue>>;

/** One way in which a step with a matrix runs. */
export interface Combination {
  /** What stands in brackets behind the step's name: `22, linux`. */
  readonly label: string;
  /** Axes in their order, then the keys that only an `include` has. */
  readonly values: Values;
}

/**
 * The combinations of a matrix in order, possibly none. The rules are those of GitHub Actions ("Running variations of
 * jobs in a workflow", and `MatrixBuilder` of its workflow parser): the product of the axes, the last axis turning
 * fastest; without those that match every key of an `exclude`; then each `include` adds its further keys to every
 * combination whose axes it does not contradict, later ones overwriting earlier ones, or else stands for itself at the
 * end. Added keys do not show in the name. The matrix must have passed `checkMatrix`.
 */
export function combinationsOf(matrix: Matrix): readonly Combination[] {
  const axes = Object.keys(matrix.axes);
  const originals = product(matrix)
    .filter((values) => !matrix.exclude.some((each) => contains(values, Object.entries(each))))
    .map((values) => ({ label: labelOf(values), values }));
  const standing: Combination[] = [];
  for (const include of matrix.include) {
    const given = Object.entries(include);
    const claims = given.filter(([key]) => Object.hasOwn(matrix.axes, key));
    const added = Object.fromEntries(given.filter(([key]) => !Object.hasOwn(matrix.axes, key)));
    let isMatched = false;
    for (const original of originals) {
      if (!contains(original.values, claims)) continue;
      isMatched = true;
      Object.assign(original.values, added);
    }
    if (isMatched) continue;
    const ordered = claims.toSorted(([left], [right]) => axes.indexOf(left) - axes.indexOf(right));
    const values = { ...Object.fromEntries(ordered), ...added };
    standing.push({ label: labelOf(values), values });
  }
  return [...originals, ...standing];
}

/** An upper bound of the work that a matrix makes, known without expanding it. */
export function sizeOfMatrix(matrix: Matrix): number {
  const axes = Object.values(matrix.axes);
  const productSize = axes.length === 0 ? 0 : axes.reduce((size, values) => size * values.length, 1);
  return productSize + matrix.include.length + matrix.exclude.length;
}

/** The name of a combination as GitHub shows it; the bare name when no value shows. */
export function combinationName(step: string, combination: Combination): string {
  return combination.label === "" ? step : `${step} (${combination.label})`;
}

/** The variable in which a step finds the value of a key. */
export function matrixVariable(key: string): string {
  return `MATRIX_${key.toUpperCase().replaceAll(/\W/gu, "_")}`;
}

function product(matrix: Matrix): Record<string, MatrixValue>[] {
  const axes = Object.entries(matrix.axes);
  if (axes.length === 0) return [];
  let made: Record<string, MatrixValue>[] = [{}];
  for (const [key, values] of axes) made = made.flatMap((each) => values.map((value) => ({ ...each, [key]: value })));
  return made;
}

function contains(values: Values, claims: readonly (readonly [string, MatrixValue])[]): boolean {
  return claims.every(([key, claimed]) => {
    const value = values[key];
    return value !== undefined && isEqual(value, claimed);
  });
}

/**
 * The `==` of GitHub's expressions, which its filters use: text without regard to case, and values of different types
 * as numbers.
 */
function isEqual(left: MatrixValue, right: MatrixValue): boolean {
  if (typeof left === "string" && typeof right === "string") return left.toUpperCase() === right.toUpperCase();
  return typeof left === typeof right ? left === right : Number(left) === Number(right);
}

function labelOf(values: Values): string {
  return Object.values(values)
    .map(String)
    .filter((text) => text !== "")
    .join(", ");
}
