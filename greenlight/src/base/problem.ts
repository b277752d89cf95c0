import { PROBLEMS, type ProblemCode } from "./problem-codes.ts";

/** Something a person can mend: what happened, where, and how to mend it. */
export interface Problem {
  readonly code: ProblemCode;
  /** File, step, port, environment: wherever the person has to look. */
  readonly place: string;
  /** What is wrong there, without a trailing full stop. */
  readonly message: string;
  readonly remedy: string;
}

/** A problem with the remedy that its code carries, unless this case knows a better one. */
export function problem(
  code: ProblemCode,
  details: { readonly place: string; readonly message: string; readonly remedy?: string },
): Problem {
  return {
    code,
    place: details.place,
    message: details.message,
    remedy: details.remedy ?? PROBLEMS[code].remedy,
  };
}

/** True for a problem with a code that this copy of Greenlight knows. */
export function isProblem(value: unknown): value is Problem {
  if (typeof value !== "object" || value === null) return false;
  const { code, place, message, remedy } = value as Partial<Record<keyof Problem, unknown>>;
  const texts = [code, place, message, remedy];
  return texts.every((text) => typeof text === "string") && Object.hasOwn(PROBLEMS, String(code));
}

/** One line a problem, as every command prints it. */
export function formatProblem(found: Problem): string {
  return `${found.code}: ${found.place}: ${found.message}\n  remedy: ${found.remedy}`;
}

/** Carries problems up to the boundary that prints them (`main.ts`, a step) when a value can't. */
export class ProblemError extends Error {
  readonly problems: readonly Problem[];
  readonly exitCode: number;

  constructor(problems: readonly Problem[], options: { readonly exitCode?: number; readonly cause?: unknown } = {}) {
    super(problems.map(formatProblem).join("\n"), { cause: options.cause });
    this.name = "ProblemError";
    this.problems = problems;
    this.exitCode = options.exitCode ?? (problems.some((each) => PROBLEMS[each.code].isOurs) ? 3 : 2);
  }
}
