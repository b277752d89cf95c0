import type { ProblemCode } from "../base/problem-codes.ts";
import { problem, type Problem } from "../base/problem.ts";
import { findForeign } from "./find-foreign.ts";
import { isPlainObject } from "./plain-data.ts";
import { schemas } from "./schemas.ts";

export interface DescribedForm {
  /** Every place that is wrong; empty when the schema knows better than the quick check and nothing is. */
  readonly problems: readonly Problem[];
  /** The members in which they lie. */
  readonly fields: ReadonlySet<string>;
}

/** What is wrong with the form of a value that the quick check refused. */
export function describeForm(
  value: object,
  kind: "step" | "project",
  options: {
    readonly place: string;
    /** Members that are checked on their own; see `findForeign`. */
    readonly isOpaque: (key: string, depth: number) => boolean;
    readonly codeFor: (path: readonly PropertyKey[]) => ProblemCode;
  },
): DescribedForm {
  const { place, isOpaque, codeFor } = options;
  const problems: Problem[] = [];
  const foreign = new Set<string>();
  if (!isPlainObject(value)) {
    return { problems: [problem("CONFIG_INVALID", { place, message: "is no plain object" })], fields: foreign };
  }
  for (const [key, member] of Object.entries(value)) {
    const found = findForeign({ [key]: member }, place, isOpaque);
    if (found === null) continue;
    problems.push(found);
    foreign.add(key);
  }
  const fields = new Set(foreign);
  // The schema would follow circles, so it does not see what holds some.
  const rest = Object.fromEntries(Object.entries(value).filter(([key]) => !foreign.has(key)));
  for (const issue of schemas()[kind].safeParse(rest).error?.issues ?? []) {
    const field = issue.path.length === 0 ? null : String(issue.path[0]);
    if (field !== null && foreign.has(field)) continue;
    if (field !== null) fields.add(field);
    problems.push(
      problem(codeFor(issue.path), {
        place: [place, ...issue.path.map(String)].join("."),
        // What is wrong with a key stands one level down.
        message: (issue.code === "invalid_key" ? issue.issues[0]?.message : undefined) ?? issue.message,
      }),
    );
  }
  return { problems, fields };
}
