import { ProblemError } from "../../base/problem.ts";
import type { RunStore } from "../../engine/run-store.ts";
import { logPath } from "../../engine/steps/log-path.ts";
import type { SharedStore } from "./open-shared-store.ts";
import type { ResumedRun } from "./run-records.ts";
import { unmarkUnsent } from "./unsent-runs.ts";

export interface SendRequest {
  readonly store: SharedStore;
  readonly stateFolder: string;
  readonly runs: RunStore;
  /** Oldest first. */
  readonly runIds: readonly string[];
  /** No further run is begun after that time, in milliseconds. */
  readonly limitMs: number;
  readonly signal?: AbortSignal;
}

export interface SentRuns {
  readonly sent: readonly string[];
  /** Why each of the others was not, as a clause. Those that another machine went on with are never sent. */
  readonly left: Readonly<Record<string, string>>;
}

/**
 * Sends results and records of runs that were made here while the store was down, or whose engine was killed. What the store has
 * already is not sent again, but for the entries of the cache, which are small. Call it while holding the project.
 */
export async function sendUnsent(request: SendRequest): Promise<SentRuns> {
  const endsAt = performance.now() + request.limitMs;
  const sent: string[] = [];
  const left: Record<string, string> = {};
  for (const runId of request.runIds) {
    const why = isOver(request, endsAt) ?? (await sendRun(request, runId, endsAt));
    if (why === null) sent.push(runId);
    else left[runId] = request.store.isDown ? DOWN : why;
  }
  return { sent, left };
}

const DOWN = "the shared store does not answer";

function isOver({ store, signal }: SendRequest, endsAt: number): string | null {
  if (store.isDown) return DOWN;
  if (signal?.aborted === true) return "it was cancelled";
  return performance.now() >= endsAt ? "there was no time left" : null;
}

/** Null when the store now holds everything of the run. */
async function sendRun(request: SendRequest, runId: string, endsAt: number): Promise<string | null> {
  const { store, stateFolder, runs } = request;
  const events = await runs.events(runId);
  const missingBefore = store.missingUploads;
  for (const event of events) {
    if (event.type !== "step-ended" || event.outcome !== "passed" || event.isFromCache) continue;
    if (event.manifestDigest !== null) await store.resend(event.manifestDigest);
  }
  const why = events.length === 0 ? null : await sendRecord(request, runId);
  await store.flush(Math.max(1000, endsAt - performance.now()));
  if (why !== null) return why;
  if (store.missingUploads > missingBefore) return "some of its results did not get there";
  unmarkUnsent(stateFolder, runId);
  return null;
}

async function sendRecord({ store, stateFolder, runs }: SendRequest, runId: string): Promise<string | null> {
  let resumed: ResumedRun;
  try {
    resumed = await store.records.resume({
      runId,
      runs,
      logPath: (step) => logPath(stateFolder, runId, step),
      onTakenOver: () => undefined,
      onWait: () => undefined,
    });
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    const [found] = error.problems;
    // Its story there is another one, or can't be read; that will not change.
    if (found?.code === "RUN_TAKEN_OVER" || found?.code === "STORE_ENTRY_REFUSED") unmarkUnsent(stateFolder, runId);
    return found?.message ?? "its record was refused";
  }
  await resumed.recorder.close();
  return resumed.isRecorded && resumed.recorder.isWhole ? null : "its record did not get there";
}
