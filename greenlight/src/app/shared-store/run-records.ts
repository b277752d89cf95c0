import type { Clock } from "../../base/clock.ts";
import { problem, ProblemError, type Problem } from "../../base/problem.ts";
import type { RunEvent } from "../../engine/event.ts";
import type { RunStore, RunSummary } from "../../engine/run-store.ts";
import { readManifests, readRecord, type RecordContext } from "./read-record.ts";
import { EMPTY_RECORD, type RunRecord } from "./run-chunk.ts";
import { isFree, LEASE_MS, readLease, RunLease, type LeaseOptions } from "./run-lease.ts";
import { RunRecorder } from "./run-recorder.ts";
import { isRunId } from "./store-layout.ts";
import { parseSummary } from "./summarise-run.ts";
import { compareTellings, heldElsewhere, takeOverRun } from "./take-over-run.ts";
import type { UploadQueue } from "./upload-queue.ts";

/** How a run is recorded. The recorder must be closed before `runs` is. */
export interface RecordRequest {
  readonly runId: string;
  /** This machine's own store of runs. */
  readonly runs: RunStore;
  /** Where a step's log lies on this machine. */
  logPath(step: string): string;
  /** Another machine went on with the run: cancel it here. */
  onTakenOver(problem: Problem): void;
}

export interface ResumeRequest extends RecordRequest {
  /** It takes up to twenty seconds to see whether the named holder is still at work. */
  onWait(holder: string): void;
}

export interface ResumedRun {
  readonly recorder: RunRecorder;
  /** False: the store did not answer, and what follows is not recorded there. */
  readonly isRecorded: boolean;
  /** All of the run's events so far; the local store holds them too. */
  readonly events: readonly RunEvent[];
  /** How many of them were not on this machine before. */
  readonly imported: number;
  /** Step → blob of its log, for steps that ran on other machines; the shared blobs have it. */
  readonly logs: Readonly<Record<string, string>>;
}

export interface SharedRun {
  readonly summary: RunSummary;
  /** For a run that has not ended: whether somebody works on it, as far as the clocks agree. */
  readonly isLive: boolean;
}

export interface RecordsOptions extends RecordContext {
  readonly clock: Clock;
  readonly uploads: UploadQueue;
  readonly signal: AbortSignal;
  /** False: records are only read. */
  readonly isWriter: boolean;
  /** This machine and process, for people. */
  readonly holder: string;
  /** This state folder on this machine, for engines. */
  readonly home: string;
  /** Where the store is, for messages. */
  readonly place: string;
}

const MAX_SUMMARY_BYTES = 64 * 1024;
const IMPORT_BATCH = 500;
const SUMMARIES_AT_ONCE = 8;

/** The records of a project's runs in the shared store. */
export class RunRecords {
  readonly #options: RecordsOptions;

  constructor(options: RecordsOptions) {
    this.#options = options;
  }

  /** Starts the record of a new run; never waits for the store. */
  begin(request: RecordRequest): RunRecorder {
    if (!this.#options.isWriter) return this.#recorder(request, null);
    const taking = RunLease.take({ ...this.#lease(request.runId), minEpoch: 0, onWait: () => undefined });
    const lease = taking
      .then((taken) => (taken.kind === "taken" ? taken.lease : null))
      .catch(() => null)
      .then((taken) => taken ?? this.#tellUnrecorded(request.runId));
    return this.#recorder(request, lease);
  }

  /**
   * Makes a run that was started here or on another machine ready to go on here: takes it over, and brings its events and
   * manifests into the local store. Call it while holding the project. When the store does not answer, a run that this
   * machine knows goes on unrecorded; for another one this throws STORE_UNREACHABLE. Also throws RUN_UNKNOWN,
   * RUN_HELD_ELSEWHERE, RUN_TAKEN_OVER (this machine and another went on with it apart), STORE_ENTRY_REFUSED.
   */
  async resume(request: ResumeRequest): Promise<ResumedRun> {
    const { runId, runs } = request;
    const local = isRunId(runId) ? await runs.events(runId) : [];
    const found = isRunId(runId) ? await readRecord(runId, this.#options) : EMPTY_RECORD;
    if (found === null) return this.#goOnAlone(request, local);
    if (found.lastChunk === 0 && local.length === 0) throw unknownRun(runId);
    const taken = await this.#take(request, found);
    if (taken === null) return this.#goOnAlone(request, local);
    const { lease, record } = taken;
    try {
      const imported = await this.#import(request, local, record);
      const recorder = this.#recorder(request, lease, record);
      // What this machine did while the store was down follows now.
      for (const event of local.slice(record.events.length)) recorder.record(event);
      const events = imported > 0 ? record.events : local;
      return { recorder, isRecorded: true, events, imported, logs: record.logs };
    } catch (error) {
      await lease?.release();
      throw error;
    }
  }

  /** The run's events as the store has them, nothing taken over; empty for an unknown run, null when the store does not answer. */
  async read(runId: string): Promise<readonly RunEvent[] | null> {
    const record = isRunId(runId) ? await readRecord(runId, this.#options) : EMPTY_RECORD;
    return record === null ? null : record.events;
  }

  /** The newest runs of all machines, newest first. Null when the store does not answer. */
  async latest(limit: number): Promise<readonly SharedRun[] | null> {
    const { guard, layout } = this.#options;
    const listed = await guard.read((store, signal) => store.list(layout.summaries(), { signal, limit }));
    if (listed.kind !== "got") return null;
    const found: (SharedRun | null)[] = [];
    const queue = listed.value.entries();
    const readNext = async (): Promise<void> => {
      for (const [index, key] of queue) found[index] = await this.#readSummary(key);
    };
    await Promise.all(Array.from({ length: SUMMARIES_AT_ONCE }, readNext));
    return found.filter((run) => run !== null);
  }

  async #take(
    request: ResumeRequest,
    found: RunRecord,
  ): Promise<{ readonly lease: RunLease | null; readonly record: RunRecord } | null> {
    const { runId } = request;
    const options = {
      ...this.#lease(runId),
      onWait: ({ holder }: { readonly holder: string }) => request.onWait(holder),
    };
    if (this.#options.isWriter) return takeOverRun(options, found);
    // Without the right to write it can't shut others out, but it can see whether one is at work.
    const seen = await readLease(options);
    if (seen === "off") return null;
    const body = seen?.body ?? null;
    if (body !== null && !(await isFree(options, body))) throw heldElsewhere(runId, body);
    const record = await readRecord(runId, this.#options, found);
    return record === null ? null : { lease: null, record };
  }

  /** How many events were put into the local store. */
  async #import(request: ResumeRequest, local: readonly RunEvent[], record: RunRecord): Promise<number> {
    const { runs, runId } = request;
    const comparison = compareTellings(local, record.events);
    if (comparison.kind === "forked") {
      const message = `its record here and the shared one differ from event ${comparison.sequence} on`;
      throw new ProblemError([problem("RUN_TAKEN_OVER", { place: `run ${runId}`, message })]);
    }
    if (comparison.kind !== "store-ahead") return 0;
    const manifests = await readManifests(record, this.#options, async (each) => (await runs.manifest(each)) !== null);
    for (const [digest, manifest] of manifests) await runs.saveManifest(digest, manifest);
    const missing = record.events.slice(local.length);
    for (let start = 0; start < missing.length; start += IMPORT_BATCH)
      await runs.append(...missing.slice(start, start + IMPORT_BATCH));
    return missing.length;
  }

  #goOnAlone(request: ResumeRequest, local: readonly RunEvent[]): ResumedRun {
    if (local.length > 0 && this.#options.isWriter) this.#tellUnrecorded(request.runId);
    if (local.length > 0) {
      const recorder = this.#recorder(request, null);
      return { recorder, isRecorded: false, events: local, imported: 0, logs: {} };
    }
    const message = `run ${request.runId} is not on this machine, and the shared store does not answer`;
    throw new ProblemError([problem("STORE_UNREACHABLE", { place: this.#options.place, message })]);
  }

  #tellUnrecorded(runId: string): null {
    this.#options.guard.warnBehind(`run ${runId} is not recorded there`);
    return null;
  }

  async #readSummary(key: string): Promise<SharedRun | null> {
    const { guard, layout, seal, clock } = this.#options;
    const runId = layout.summarisedRun(key);
    if (runId === null) return null;
    const answer = await guard.read((store, signal) => store.get(key, { signal, maxBytes: MAX_SUMMARY_BYTES }));
    if (answer.kind !== "got" || answer.value === null) return null;
    const opened = seal.open("run-summary", key, answer.value.bytes);
    const summary = opened.ok ? parseSummary(opened.value) : null;
    if (summary === null || summary.id !== runId) return null;
    if (summary.outcome !== "running") return { summary, isLive: false };
    const lease = await readLease(this.#lease(runId));
    const body = lease === null || lease === "off" ? null : lease.body;
    const isLive = body !== null && !body.isReleased && clock.now() < Date.parse(body.expiresAt) + LEASE_MS;
    return { summary, isLive };
  }

  #recorder(
    request: RecordRequest,
    lease: Promise<RunLease | null> | RunLease | null,
    record?: RunRecord,
  ): RunRecorder {
    return new RunRecorder({
      ...this.#options,
      ...(record === undefined ? {} : { record }),
      runId: request.runId,
      lease: Promise.resolve(lease),
      manifest: (digest) => request.runs.manifest(digest),
      logPath: request.logPath,
      onTakenOver: request.onTakenOver,
    });
  }

  #lease(runId: string): LeaseOptions & RecordContext {
    return { ...this.#options, runId };
  }
}

function unknownRun(runId: string): ProblemError {
  const message = "there is no such run, neither here nor in the shared store";
  return new ProblemError([problem("RUN_UNKNOWN", { place: runId.slice(0, 60), message })]);
}
