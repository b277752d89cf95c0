import type { Clock } from "../../base/clock.ts";
import type { Problem } from "../../base/problem.ts";
import type { BlobStore, CacheStore } from "../../engine/blob-store.ts";
import type { RunEvent } from "../../engine/event.ts";
import type { RunStore } from "../../engine/run-store.ts";
import { logPath } from "../../engine/steps/log-path.ts";
import type { Plan } from "../../pipeline/plan.ts";
import type { WorkStores } from "../composition.ts";
import type { ProjectPlace } from "../find-project.ts";
import type { SharedStore } from "./open-shared-store.ts";
import { sendUnsent } from "./send-unsent.ts";
import { markUnsent, unmarkUnsent, unsentRuns } from "./unsent-runs.ts";

export interface SharingRequest {
  readonly place: ProjectPlace;
  readonly plan: Plan;
  readonly runId: string;
  /** New: its record is begun. Continued: it is taken over from whoever had it. Unrecorded: only the cache is shared. */
  readonly record: "new" | "continued" | "unrecorded";
  readonly runs: RunStore;
  readonly work: WorkStores;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** Cancels the run. */
  readonly signal: AbortSignal;
  /** It takes up to twenty seconds to see whether the named holder is still at work. */
  onHolder?(holder: string): void;
}

/** What a run uses in place of its local stores. */
export interface RunSharing {
  readonly cache: CacheStore;
  readonly blobs: BlobStore;
  /** Also fires when another machine took the run over. */
  readonly signal: AbortSignal;
  readonly listeners: readonly ((event: RunEvent) => void)[];
  readonly warnings: Warnings;
  /** One line for the person: the store is only read here, and why. */
  readonly notice: string | null;
  /** Sends what is left, within bounds, and lets go of the run. Call it after the run's end, before its stores are closed. */
  close(): Promise<void>;
}

/** So many earlier runs, and so long, at the end of a run; `greenlight store sync` sends what is left. */
const MAX_EARLIER = 20;
const EARLIER_LIMIT_MS = 60_000;

/** Warnings that come at any time, told to whoever listens; those that nobody heard are kept. */
class Warnings {
  readonly unheard: Problem[] = [];
  #tell: ((problem: Problem) => void) | null = null;

  add(found: Problem): void {
    if (this.#tell === null) this.unheard.push(found);
    else this.#tell(found);
  }

  /** Hands over what came so far and what comes until the returned function is called. */
  subscribe(tell: (problem: Problem) => void): () => void {
    this.#tell = tell;
    for (const found of this.unheard.splice(0)) tell(found);
    return () => {
      this.#tell = null;
    };
  }
}

/**
 * Puts the definition's shared store in front of a run's local stores; without one in the definition, the local ones are used
 * as they are. Call it while holding the project. Throws what `RunRecords.resume` throws for a continued run, and
 * STORE_KEY_INVALID.
 */
export async function shareRun(request: SharingRequest): Promise<RunSharing> {
  const { place, plan, runId, runs, work, signal } = request;
  const warnings = new Warnings();
  if (plan.store === null) {
    return { ...work, signal, listeners: [], warnings, notice: null, close: async () => undefined };
  }
  const { openSharedStore } = await import("./open-shared-store.ts");
  const takenOver = new AbortController();
  const store = openSharedStore({
    ...request,
    definition: plan.store,
    projectFolder: place.folder,
    stateFolder: place.stateFolder,
    project: plan.project,
    trigger: plan.trigger,
    localCache: work.cache,
    localBlobs: work.blobs,
    onWarning: (found) => warnings.add(found),
  });
  const earlier = isWriting(request, store) ? unsentRuns(place.stateFolder, request.clock.now()) : [];
  const waiting = earlier.filter((each) => each !== runId).slice(-MAX_EARLIER);
  const recording = {
    runId,
    runs,
    logPath: (step: string) => logPath(place.stateFolder, runId, step),
    onTakenOver: (found: Problem) => {
      warnings.add(found);
      takenOver.abort(new Error(found.message));
    },
    onWait: (holder: string) => request.onHolder?.(holder),
  };
  try {
    const recorder =
      request.record === "unrecorded"
        ? null
        : request.record === "new"
          ? store.records.begin(recording)
          : (await store.records.resume(recording)).recorder;
    if (isWriting(request, store)) markUnsent(place.stateFolder, runId);
    return {
      cache: store.cache,
      blobs: store.blobs,
      signal: AbortSignal.any([signal, takenOver.signal]),
      listeners: recorder === null ? [] : [(event) => recorder.record(event)],
      warnings,
      notice: noticeOf(store, waiting.length),
      close: async () => {
        await recorder?.close();
        await store.flush();
        if (recorder?.isWhole === true && store.missingUploads === 0) unmarkUnsent(place.stateFolder, runId);
        const { stateFolder } = place;
        await sendUnsent({ store, stateFolder, runs, runIds: waiting, limitMs: EARLIER_LIMIT_MS, signal });
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

/** A part of a run hands its record over, and is recorded by whoever puts the parts together. */
function isWriting(request: SharingRequest, store: SharedStore): boolean {
  return store.readOnlyBecause === null && request.record !== "unrecorded";
}

function noticeOf(store: SharedStore, waitingCount: number): string | null {
  if (store.readOnlyBecause !== null) return `${store.place} is only read in this run: ${store.readOnlyBecause}`;
  if (waitingCount === 0) return null;
  const runs = waitingCount === 1 ? "an earlier run" : `${waitingCount} earlier runs`;
  return `${runs} did not get to ${store.place}; what is missing is sent after this one`;
}
