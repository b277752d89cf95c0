import type { Clock } from "../../base/clock.ts";
import { problem, ProblemError } from "../../base/problem.ts";
import { isSameProcess } from "../../base/process-identity.ts";
import type { RunEvent, RunStarted } from "../../engine/event.ts";
import type { RunStore } from "../../engine/run-store.ts";

/** How soon something that happens in another process is seen. */
const POLL_MS = 200;

export interface FollowRequest {
  readonly runs: Pick<RunStore, "events">;
  readonly runId: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  onEvent(event: RunEvent): void;
  /** After each look at the events, and a last time when the run has ended. */
  onLook?(): Promise<void>;
}

/**
 * Tells the events of a run as another process writes them, from the first one on, until the run has ended; one that has
 * ended already is told to its end. Resolves to all of them. Throws RUN_UNKNOWN, RUN_INTERRUPTED when the engine is gone,
 * and the signal's reason.
 */
export async function followRun(request: FollowRequest): Promise<readonly RunEvent[]> {
  const { runs, runId } = request;
  const told: RunEvent[] = [];
  let isGone = false;
  for (;;) {
    const fresh = await runs.events(runId, told.at(-1)?.sequence ?? 0);
    for (const event of fresh) request.onEvent(event);
    told.push(...fresh);
    await request.onLook?.();
    const last = told.at(-1);
    if (last === undefined) throw unknownRun(runId);
    // An end may be followed by a retry; what counts is that nothing came after it.
    if (last.type === "run-ended") return told;
    // What the engine wrote just before it ended is seen by one more look.
    if (isGone && fresh.length === 0) throw interrupted(runId);
    isGone = !isSameProcess(engineOf(told));
    if (!isGone) await request.clock.sleep(POLL_MS, request.signal);
    request.signal.throwIfAborted();
  }
}

/** The engine that the run has, or had last. */
function engineOf(events: readonly RunEvent[]): RunStarted["engine"] {
  for (const event of events.toReversed())
    if (event.type === "run-started" || event.type === "run-resumed") return event.engine;
  return { pid: 0, startTime: "" };
}

function unknownRun(place: string): ProblemError {
  return new ProblemError([problem("RUN_UNKNOWN", { place, message: "there is no such run" })]);
}

function interrupted(runId: string): ProblemError {
  const message = "its engine is gone, and the run has not ended";
  const remedy = `let it go on: greenlight resume ${runId}`;
  return new ProblemError([problem("RUN_INTERRUPTED", { place: runId, message, remedy })]);
}
