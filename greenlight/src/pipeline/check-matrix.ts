import { problem, type Problem } from "../base/problem.ts";
import { checkPaths } from "./check-paths.ts";
import { variableFields } from "./check-variables.ts";
import { combinationName, combinationsOf, matrixVariable, sizeOfMatrix, type Combination } from "./combinations.ts";
import type { Matrix, StepDefinition } from "./definition.ts";
import { fillPlaceholders, placeholdersOf } from "./fill-placeholders.ts";

/** GitHub refuses 257 jobs when it is compiled for; here the limit only keeps a slip from filling the memory. */
const MAX_COMBINATIONS = 10_000;

/** Longer than the name of a step may be, for the values; a log file's name and a terminal still hold it. */
const MAX_NAME = 300;

const NONE: readonly Combination[] = [];
const NO_KEYS: ReadonlySet<string> = new Set();

/** Checks the matrix of one step, and the step as each combination would have it. */
export function checkMatrix(
  step: StepDefinition,
  place: string,
): { readonly combinations: readonly Combination[]; readonly problems: readonly Problem[] } {
  const { matrix } = step;
  const here = `${place}.matrix`;
  if (matrix === null) return { combinations: NONE, problems: checkPlaceholders(step, here, NO_KEYS) };
  if (sizeOfMatrix(matrix) > MAX_COMBINATIONS) {
    const message = `has more than ${MAX_COMBINATIONS} combinations, counting those included and excluded`;
    return { combinations: NONE, problems: [problem("MATRIX_TOO_LARGE", { place: here, message })] };
  }
  const keys = keysOf(matrix);
  const problems = [
    ...checkKeys(matrix, here),
    ...checkMatrixVariables(step, keys, here),
    ...checkPlaceholders(step, here, keys),
  ];
  const combinations = combinationsOf(matrix);
  const named = checkNames(step.name, combinations, here);
  problems.push(...named, ...checkFilledPaths(step, combinations, place));
  // Two of one name would only be told again, as two that write one output.
  return { combinations: named.length > 0 ? NONE : combinations, problems };
}

function invalid(place: string, message: string): Problem {
  return problem("MATRIX_INVALID", { place, message });
}

function keysOf(matrix: Matrix): ReadonlySet<string> {
  return new Set([...Object.keys(matrix.axes), ...matrix.include.flatMap((each) => Object.keys(each))]);
}

/** What GitHub refuses too. */
function checkKeys(matrix: Matrix, place: string): Problem[] {
  const problems: Problem[] = [];
  if (Object.keys(matrix.axes).length === 0 && matrix.include.length === 0) {
    problems.push(invalid(place, "has neither axes nor anything included"));
  }
  for (const name of ["include", "exclude"]) {
    if (Object.hasOwn(matrix.axes, name)) problems.push(invalid(`${place}.axes`, `"${name}" can't be an axis`));
  }
  const unknown = new Set(matrix.exclude.flatMap((each) => Object.keys(each)));
  for (const key of unknown) {
    if (!Object.hasOwn(matrix.axes, key)) problems.push(invalid(`${place}.exclude`, `"${key}" is not an axis`));
  }
  return problems;
}

function checkMatrixVariables(step: StepDefinition, keys: ReadonlySet<string>, place: string): Problem[] {
  const problems: Problem[] = [];
  const fields = variableFields(step);
  const owners = new Map<string, string>();
  for (const key of keys) {
    const variable = matrixVariable(key);
    const owner = owners.get(variable);
    if (owner !== undefined) problems.push(invalid(place, `"${owner}" and "${key}" are both the variable ${variable}`));
    else owners.set(variable, key);
    const field = fields.get(variable)?.[0];
    if (field !== undefined) problems.push(invalid(place, `its variable ${variable} stands in "${field}" as well`));
  }
  return problems;
}

function checkPlaceholders(step: StepDefinition, place: string, keys: ReadonlySet<string>): Problem[] {
  return placeholdersOf(step)
    .filter((key) => !keys.has(key))
    .map((key) =>
      invalid(
        place,
        step.matrix === null
          ? `{matrix.${key}} is used, but the step has no matrix`
          : `{matrix.${key}} is used, but no combination has "${key}"`,
      ),
    );
}

function checkNames(step: string, combinations: readonly Combination[], place: string): Problem[] {
  const problems: Problem[] = [];
  const names = new Set<string>();
  for (const combination of combinations) {
    const name = combinationName(step, combination);
    if (names.has(name)) problems.push(invalid(place, `two combinations would be named "${name}"`));
    if (name.length > MAX_NAME) problems.push(invalid(place, `"${name.slice(0, 60)}…" is too long for a name`));
    // One such name is enough to tell.
    if (problems.length > 0) return problems;
    names.add(name);
  }
  return [];
}

/** A value could lead a path out of the project. The first combination with a problem stands for all. */
function checkFilledPaths(step: StepDefinition, combinations: readonly Combination[], place: string): Problem[] {
  for (const { values } of combinations) {
    const problems = checkPaths(fillPlaceholders(step, values), place);
    if (problems.length > 0) return problems;
  }
  return [];
}
