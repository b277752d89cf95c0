/**
 * A fault of what came from outside (a file, an option), told so that a person can mend it: a code, the place and the
 * remedy. Bugs are ordinary errors.
 */
export class InputProblem extends Error {
  readonly code: string;
  readonly place: string;
  readonly remedy: string;

  constructor(problem: { code: string; place: string; what: string; remedy: string; cause?: unknown }) {
    super(`${problem.code}: ${problem.place}: ${problem.what}; ${problem.remedy}`, { cause: problem.cause });
    this.name = "InputProblem";
    this.code = problem.code;
    this.place = problem.place;
    this.remedy = problem.remedy;
  }
}
