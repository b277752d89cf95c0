/** Why the service can't start: something a person can mend before the next try. */
export interface StartProblem {
  readonly code: "SETTING_INVALID" | "MODEL_MISSING" | "MODEL_INVALID" | "PORT_TAKEN" | "ADDRESS_UNAVAILABLE";
  /** The setting, file or address to look at. */
  readonly place: string;
  /** What is wrong there, without a trailing full stop. */
  readonly message: string;
  readonly remedy: string;
}

/** Two lines a problem, as the service prints it before it exits with status 2. */
export function formatStartProblem(problem: StartProblem): string {
  return `${problem.code}: ${problem.place}: ${problem.message}\n  remedy: ${problem.remedy}`;
}

/** Carries every problem of a start up to the one place that prints them. */
export class StartError extends Error {
  readonly problems: readonly StartProblem[];

  constructor(problems: readonly StartProblem[], options: { readonly cause?: unknown } = {}) {
    super(problems.map(formatStartProblem).join("\n"), { cause: options.cause });
    this.name = "StartError";
    this.problems = problems;
  }
}
