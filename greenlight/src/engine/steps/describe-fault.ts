import { PROBLEMS } from "../../base/problem-codes.ts";
import { isProblem, problem, type Problem, type ProblemError } from "../../base/problem.ts";
import type { StepCall } from "../active-run.ts";
import type { StepVerdict } from "./step-verdict.ts";

type Fault = Pick<StepVerdict, "outcome" | "why" | "problems">;

/** The system's words for a disk that is full or may not be written. */
const UNWRITABLE = new Set(["ENOSPC", "EDQUOT", "EROFS", "EACCES", "EPERM", "EIO"]);

/**
 * What a step comes to that ended in something thrown: a person's mistake with its own problems is a failure, the machine's
 * or ours an error.
 */
export function describeFault(error: unknown, place: string): Fault {
  const message = error instanceof Error ? error.message : String(error);
  const problems = problemsOf(error) ?? [problemOf(error, place, message)];
  const isOurs = problems.some((each) => PROBLEMS[each.code].isOurs);
  return { outcome: isOurs ? "errored" : "failed", why: problems[0]?.message ?? message, problems };
}

/** A step that was ended, or never begun, because the run or its matrix was. */
export function describeCancel({ run, signal }: StepCall): Fault {
  const isByMatrix = signal.aborted && !run.context.signal.aborted;
  const why = isByMatrix ? `cancelled: ${String(signal.reason)}, and the matrix fails fast` : "cancelled";
  return { outcome: "cancelled", why, problems: [] };
}

/** By name: it may come from another copy of Greenlight, and then know codes that this one does not. */
function problemsOf(error: unknown): readonly Problem[] | null {
  if (!(error instanceof Error) || error.name !== "ProblemError") return null;
  const { problems } = error as Partial<ProblemError>;
  return Array.isArray(problems) && problems.length > 0 && problems.every(isProblem) ? problems : null;
}

function problemOf(error: unknown, place: string, message: string): Problem {
  const { code, path } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  if (code === undefined || !UNWRITABLE.has(code)) return problem("INTERNAL", { place, message });
  const remedy = "free disk space, or grant access to that path";
  return problem("STORE_UNWRITABLE", { place: path ?? place, message, remedy });
}
