import { ProblemError, problem } from "../base/problem.ts";
import { killActiveSteps } from "../engine/step-process.ts";

export interface Cancellation {
  readonly signal: AbortSignal;
  /** Stops listening; Ctrl-C then ends the process as usual. */
  dispose(): void;
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Turns Ctrl-C, TERM and a closed terminal into an abort; what runs is then ended in order. */
export function listenForCancel(): Cancellation {
  const controller = new AbortController();
  const onSignal = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) {
      killActiveSteps();
      process.exit(130);
    }
    console.error(`\n${name}: cancelling; what runs is being ended … (once more: at once)`);
    controller.abort(new ProblemError([problem("USAGE", { place: name, message: "cancelled" })], { exitCode: 130 }));
  };
  for (const name of SIGNALS) process.on(name, onSignal);
  return {
    signal: controller.signal,
    dispose: () => {
      for (const name of SIGNALS) process.off(name, onSignal);
    },
  };
}
