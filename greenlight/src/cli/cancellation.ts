import { ProblemError, problem } from "../base/problem.ts";

export interface Cancellation {
  readonly signal: AbortSignal;
  /** Stops listening; Ctrl-C then ends the process as usual. */
  dispose(): void;
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
/** One press of Ctrl-C may arrive twice: from the terminal and from a program in between, `npm` for instance. */
const ECHO_MS = 300;
/** Milliseconds that the record may take to be closed once all steps are killed. */
const CLOSE_MS = 5000;

/**
 * Turns Ctrl-C, TERM and a closed terminal into an abort; what runs is then ended in order. A second one kills the steps, and
 * the run still closes its record; a third one ends this process. A closed terminal tells it several times and is never
 * taken for impatience.
 */
export function listenForCancel(): Cancellation {
  const controller = new AbortController();
  let countedAt = 0;
  let count = 0;
  let deadline: NodeJS.Timeout | undefined;
  const onSignal = (name: NodeJS.Signals): void => {
    const now = performance.now();
    if (count > 0 && (name === "SIGHUP" || now - countedAt < ECHO_MS)) return;
    count += 1;
    countedAt = now;
    if (count === 1) {
      console.error(`\n${name}: cancelling; what runs is being ended … (once more: at once)`);
      controller.abort(new ProblemError([problem("USAGE", { place: name, message: "cancelled" })], { exitCode: 130 }));
    } else if (count === 2) {
      console.error(`\n${name}: killing what runs …`);
      // Loaded already where any step runs.
      void import("../engine/steps/step-process.ts").then(({ killActiveSteps }) => killActiveSteps());
      deadline = setTimeout(() => process.exit(130), CLOSE_MS).unref();
    } else {
      process.exit(130);
    }
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  return {
    signal: controller.signal,
    dispose: () => {
      clearTimeout(deadline);
      for (const name of SIGNALS) process.off(name, onSignal);
    },
  };
}
