import { ProblemError, type Problem } from "../../../../base/problem.ts";

/** The one problem for which `asked` rejects, as a fault of the machine. */
export async function faultOf(asked: Promise<unknown>): Promise<Problem> {
  const error: unknown = await asked.then(
    () => new Error("it went well"),
    (fault: unknown) => fault,
  );
  if (!(error instanceof ProblemError)) throw error;
  const [first, ...others] = error.problems;
  if (first === undefined || others.length > 0 || error.exitCode !== 3) throw error;
  return first;
}
