import type { z } from "zod";

import type { FieldProblem, Refusal, RefusalCode } from "./refusal.ts";

// An answer names every bad field up to this many; a body of a mebibyte could hold a hundred thousand.
const MAX_NAMED_FIELDS = 100;
const MAX_FIELD_CHARACTERS = 100;
const MAX_FIELDS_IN_MESSAGE = 3;

/** What zod found, one entry a field; `place` is where the checked value stands in the body. */
export function fieldProblems(error: z.ZodError, place = ""): FieldProblem[] {
  return error.issues.flatMap((issue) => {
    const path = [...(place === "" ? [] : [place]), ...issue.path.map(String)];
    if (issue.code === "unrecognized_keys") {
      return issue.keys.map((key) => ({ field: [...path, key].join("."), problem: "is not a field of a film" }));
    }
    return [{ field: path.join(".") || "(body)", problem: issue.message.replace(/^Invalid input: /, "") }];
  });
}

/** A refusal that names the fields, bounded in their number and length; its message tells the first few. */
export function refusalOfFields(code: RefusalCode, problems: readonly FieldProblem[]): Refusal {
  const fields = problems.slice(0, MAX_NAMED_FIELDS).map(shortened);
  const told = fields.slice(0, MAX_FIELDS_IN_MESSAGE).map(({ index, field, problem }) => {
    return index === undefined ? `${field}: ${problem}` : `film ${index}, ${field}: ${problem}`;
  });
  const rest = problems.length > told.length ? `; and ${problems.length - told.length} more` : "";
  return { code, message: `${told.join("; ")}${rest}`, fields };
}

/** A value's type as a person would name it. */
export function describeValue(value: unknown): string {
  if (value === undefined) return "nothing";
  if (value === null) return "null";
  if (Array.isArray(value)) return "an array";
  return typeof value === "object" ? "an object" : `a ${typeof value}`;
}

function shortened(found: FieldProblem): FieldProblem {
  if (found.field.length <= MAX_FIELD_CHARACTERS) return found;
  const field = `${found.field.slice(0, MAX_FIELD_CHARACTERS)}…`;
  return found.index === undefined
    ? { field, problem: found.problem }
    : { index: found.index, field, problem: found.problem };
}
