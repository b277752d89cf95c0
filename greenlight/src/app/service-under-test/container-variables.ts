import { problem, ProblemError } from "../../base/problem.ts";

/** Docker's client reads such a file line by line, in 64 KiB. */
const MAX_LINE = 16_000;
/** What a client of Docker, a program in Go, takes to heart itself. */
const STEERS_CLIENT = /^(?:PATH|HOME|TMPDIR|(?:LD|GO|DOCKER|BUILDKIT|SSL|XDG|OTEL)_?.*|.*_PROXY)$/iu;

export interface ContainerVariables {
  /** For `--env-file`: variables of one line. */
  readonly file: string;
  /** For `--env NAME`, with the value in the client's own environment: those that no line can hold. */
  readonly byName: Readonly<Record<string, string>>;
}

/**
 * Hands variables to Docker's client so that no value stands on a command line. Throws a ProblemError for a value of several lines
 * under a name that the client itself goes by.
 */
export function containerVariables(values: Readonly<Record<string, string>>): ContainerVariables {
  const lines: string[] = [];
  const byName: Record<string, string> = {};
  for (const [name, value] of Object.entries(values)) {
    if (!/[\r\n\0]/u.test(value) && value.length <= MAX_LINE) lines.push(`${name}=${value}\n`);
    else if (!STEERS_CLIENT.test(name) && !value.includes("\0")) byName[name] = value;
    else {
      const message = "a value of this length, or of several lines, can't be given to a container under this name";
      throw new ProblemError([problem("CONFIG_INVALID", { place: name, message })]);
    }
  }
  return { file: lines.join(""), byName };
}
