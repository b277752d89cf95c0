/** How a step or a run ended. `failed` is the user's to mend, `errored` ours or the machine's. */
export type Outcome = "passed" | "warned" | "failed" | "errored" | "cancelled" | "skipped" | "waiting";

export function isSuccess(outcome: Outcome): boolean {
  return outcome === "passed" || outcome === "warned";
}

/** True for what a person would call a failure: the user's or the machine's. */
export function isBad(outcome: Outcome): boolean {
  return outcome === "failed" || outcome === "errored";
}

const SEVERITY: readonly Outcome[] = ["passed", "skipped", "warned", "waiting", "failed", "errored", "cancelled"];

/** The outcome of a whole: its worst part. A skipped part does not spoil a pass. */
export function worstOutcome(outcomes: Iterable<Outcome>): Outcome {
  let worst = 0;
  for (const outcome of outcomes) worst = Math.max(worst, SEVERITY.indexOf(outcome));
  const outcome = SEVERITY[worst] ?? "passed";
  return outcome === "skipped" ? "passed" : outcome;
}

/** Exit status of a command whose run ended so (DESIGN §8). */
export function exitCodeOf(outcome: Outcome): number {
  switch (outcome) {
    case "passed":
    case "warned":
    case "skipped":
      return 0;
    case "failed":
      return 1;
    case "errored":
      return 3;
    case "waiting":
      return 4;
    case "cancelled":
      return 130;
  }
}
