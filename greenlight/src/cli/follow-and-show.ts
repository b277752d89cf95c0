import type { ProjectPlace } from "../app/find-project.ts";
import { findRun } from "../app/runs/find-run.ts";
import { followRun } from "../app/runs/follow-run.ts";
import type { RunEvent } from "../engine/event.ts";
import { exitCodeOf } from "../engine/outcome.ts";
import type { RunStore } from "../engine/run-store.ts";
import { viewRun } from "../engine/run-view.ts";
import type { CommandCall } from "./command-call.ts";
import { openRunDisplay } from "./run-display.ts";

export interface FollowCall {
  readonly place: ProjectPlace;
  /** An id, or the beginning of one; the last run when left out. */
  readonly run: string | undefined;
}

/** Shows a run that another process executes, as `run` itself does; resolves to the exit status of that run. */
export async function followAndShow(call: CommandCall, request: FollowCall): Promise<number> {
  return followWhileWanted(call, request, async ({ runs, runId, signal }) => {
    const display = await openRunDisplay(call, request.place);
    try {
      const { clock } = call.composition;
      const events = await followRun({ runs, runId, clock, signal, onEvent: (event) => display.show(event) });
      const view = viewRun(events);
      if (view !== undefined) await display.end(view);
      return exitCodeOfRun(events);
    } finally {
      display.close();
    }
  });
}

/** The exit status that the run itself had. */
export function exitCodeOfRun(events: readonly RunEvent[]): number {
  const last = events.at(-1);
  return last?.type === "run-ended" ? exitCodeOf(last.outcome) : 3;
}

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/** Opens the store and follows by `follow`; Ctrl-C ends the following and not the run, with the exit status 130. */
export async function followWhileWanted(
  call: CommandCall,
  { place, run }: FollowCall,
  follow: (on: { readonly runs: RunStore; readonly runId: string; readonly signal: AbortSignal }) => Promise<number>,
): Promise<number> {
  const controller = new AbortController();
  const leave = (): void => controller.abort();
  for (const name of SIGNALS) process.on(name, leave);
  const runs = await call.composition.openRuns(place.stateFolder);
  try {
    const found = await findRun(runs, { named: run, suits: () => true, nothingSuits: "nothing ran here yet" });
    return await follow({ runs, runId: found.view.id, signal: controller.signal });
  } catch (error) {
    if (controller.signal.aborted) return 130;
    throw error;
  } finally {
    await runs.close();
    for (const name of SIGNALS) process.off(name, leave);
  }
}
