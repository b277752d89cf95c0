import { problem, ProblemError } from "../base/problem.ts";

const MAX_CHARACTERS = 500;

/** The text of `--why`, which goes into records and reports; `otherwise` when none was given. Throws USAGE. */
export function readReason(value: unknown, otherwise: string): string {
  const reason = typeof value === "string" ? value.trim() : "";
  if (reason === "") return otherwise;
  if (reason.length <= MAX_CHARACTERS) return reason;
  const message = `the reason has ${reason.length} characters, ${MAX_CHARACTERS} are allowed`;
  throw new ProblemError([problem("USAGE", { place: "--why", message })]);
}
