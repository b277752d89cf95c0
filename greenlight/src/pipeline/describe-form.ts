import type { ProblemCode } from "../base/problem-codes.ts";
import { problem, type Problem } from "../base/problem.ts";
import { findForeign } from "./find-foreign.ts";
import { schemas } from "./schemas.ts";

/**
 * What is wrong with the form of a value that the quick check refused, every place of it; empty when the schema knows
 * better and nothing is.
 */
export function describeForm(
  value: object,
  kind: "step" | "project",
  options: {
    readonly place: string;
    /** Members that are checked on their own; see `findForeign`. */
    readonly isOpaque: (key: string, depth: number) => boolean;
    readonly codeFor: (path: readonly PropertyKey[]) => ProblemCode;
  },
): readonly Problem[] {
  const foreign = findForeign(value, options.place, options.isOpaque);
  if (foreign !== null) return [foreign];
  const parsed = schemas()[kind].safeParse(value);
  if (parsed.success) return [];
  return parsed.error.issues.map((issue) =>
    problem(options.codeFor(issue.path), {
      place: [options.place, ...issue.path.map(String)].join("."),
      // What is wrong with a key stands one level down.
      message: (issue.code === "invalid_key" ? issue.issues[0]?.message : undefined) ?? issue.message,
    }),
  );
}
