import { problem, ProblemError } from "../../../base/problem.ts";

/** Errors that a person has to mend; all others may pass: a lost mount, an I/O error, a file handle that became stale. */
const REFUSALS = new Set([
  "EACCES",
  "EPERM",
  "EROFS",
  "ENOSPC",
  "EDQUOT",
  "ENOTDIR",
  "EISDIR",
  "ELOOP",
  "EFBIG",
  "EMLINK",
  "ENAMETOOLONG",
]);

/** The system's error as a Problem: STORE_REFUSED, or STORE_UNREACHABLE for what may pass. */
export function folderFault(error: unknown, place: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (error instanceof ProblemError || code === undefined || (error as Error).name === "AbortError") return error;
  const kind = REFUSALS.has(code) ? "STORE_REFUSED" : "STORE_UNREACHABLE";
  return new ProblemError([problem(kind, { place, message })], { cause: error });
}

export function unreachable(place: string, message: string): ProblemError {
  return new ProblemError([problem("STORE_UNREACHABLE", { place, message })]);
}

export function isCode(error: unknown, ...codes: readonly string[]): boolean {
  return codes.includes((error as NodeJS.ErrnoException).code ?? "");
}
