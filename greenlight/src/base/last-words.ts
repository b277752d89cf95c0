import type { Problem } from "./problem.ts";

let mask = (text: string): string => text;

/** From now on what this process says of its own end is said without secrets. The last one that is named counts. */
export function maskLastWords(by: (text: string) => string): void {
  mask = by;
}

/** An error as Node shows it: its stack and its causes, without secrets. */
export function lastWords(error: unknown): string {
  return mask(process.getBuiltinModule("node:util").inspect(error));
}

/** The same problem without secrets. */
export function maskedProblem(problem: Problem): Problem {
  const { code, place, message, remedy } = problem;
  return { ...problem, code, place: mask(place), message: mask(message), remedy: mask(remedy) };
}
