import type { ProjectPlace } from "../app/find-project.ts";
import { openTelemetry } from "../app/telemetry/export-spans.ts";
import { formatProblem } from "../base/problem.ts";
import type { RunEvent } from "../engine/event.ts";
import type { CommandCall } from "./command-call.ts";
import { RecalledEvents } from "./recall-events.ts";
import { printable } from "./terminal.ts";

/** A run's trace, sent while the run goes on. */
export interface RunTrace {
  show(event: RunEvent): void;
  /** Sends the rest, and tells a person when something did not arrive. */
  end(): Promise<void>;
}

/** `--otel`. Throws TELEMETRY_LIBRARY_MISSING. */
export async function openTrace(call: CommandCall, place: ProjectPlace): Promise<RunTrace> {
  const telemetry = await openTelemetry(process.env);
  const events = new RecalledEvents(call, place, { recall: telemetry.recall, show: telemetry.onEvent });
  return {
    show: (event) => events.show(event),
    end: async () => {
      await events.settled();
      const lost = await telemetry.end();
      if (lost !== null) console.error(printable(`warning: ${formatProblem(lost)}`));
    },
  };
}
