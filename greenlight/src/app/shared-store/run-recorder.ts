import { stat } from "node:fs/promises";

import type { Clock } from "../../base/clock.ts";
import { digestFile } from "../../base/file-digest.ts";
import { canonicalJson } from "../../base/json.ts";
import { problem, type Problem } from "../../base/problem.ts";
import type { RunEvent, StepEnded } from "../../engine/event.ts";
import type { Manifest } from "../../engine/manifests/manifest.ts";
import type { RunSummary } from "../../engine/run-store.ts";
import { InlineGatherer } from "./inline-blobs.ts";
import type { RecordContext } from "./read-record.ts";
import { EMPTY_RECORD, sealChunk, type RunChunk, type RunRecord } from "./run-chunk.ts";
import { RENEW_MS, type RunLease } from "./run-lease.ts";
import { summariseRun } from "./summarise-run.ts";
import type { UploadQueue } from "./upload-queue.ts";

/** Pieces come at first this far apart and later rarer, so that a long run does not make thousands of them. */
const FIRST_PAUSE_MS = 250;
const LAST_PAUSE_MS = 2000;
const PAUSE_GROWTH_MS = 5;
const MAX_EVENTS = 500;
const MAX_BYTES = 1024 * 1024;
const MANIFESTS_AT_ONCE = 4;
/** How long a piece of the record waits for the results that it speaks of. */
const RESULT_WAIT_MS = 60_000;
/** Larger logs stay on the machine that wrote them. */
const MAX_LOG_BYTES = 256 * 1024 * 1024;

export interface RecorderOptions extends RecordContext {
  readonly runId: string;
  readonly clock: Clock;
  readonly uploads: UploadQueue;
  /** Takes the lease; null: no record is kept. */
  readonly lease: Promise<RunLease | null>;
  /** What the store holds of the run already. */
  readonly record?: RunRecord;
  manifest(digest: string): Promise<Manifest | null>;
  /** Where a step's log lies. */
  logPath(step: string): string;
  /** Another machine went on with the run: this one should stop. */
  onTakenOver(problem: Problem): void;
}

/**
 * Carries a run's events to the store while it runs, in order and without gaps; what they speak of (manifests, logs) goes
 * with them. It never makes the run wait and never fails it.
 */
export class RunRecorder {
  readonly #options: RecorderOptions;
  readonly #pending: RunEvent[] = [];
  readonly #manifests = new Set<string>();
  readonly #stop = new AbortController();
  readonly #hurry = new AbortController();
  #summary: RunSummary | null = null;
  #lastChunk: number;
  #isStopped = false;
  #isWhole = true;
  #pump: Promise<void> | null = null;
  #renewal: Promise<void> | null = null;

  constructor(options: RecorderOptions) {
    this.#options = options;
    const record = options.record ?? EMPTY_RECORD;
    this.#lastChunk = record.lastChunk;
    for (const event of record.events) this.#summary = summariseRun(this.#summary, event);
  }

  /** False once something of the run is not in the store: it was down, or the run was taken over. Ask after `close`. */
  get isWhole(): boolean {
    return this.#isWhole;
  }

  /** Takes the run's next event; its sequence must follow the one before. */
  record(event: RunEvent): void {
    if (this.#isStopped) {
      this.#isWhole = false;
      return;
    }
    this.#pending.push(event);
    this.#renewal ??= this.#renew();
    this.#pump ??= this.#write().finally(() => {
      this.#pump = null;
    });
  }

  /** Writes what is left and gives the run back, so that another machine can go on with it. Never rejects. */
  async close(): Promise<void> {
    this.#hurry.abort();
    while (this.#pump !== null) await this.#pump;
    this.#stop.abort();
    await this.#renewal;
    const lease = await this.#options.lease;
    if (lease !== null && !this.#isStopped) await lease.release();
    this.#isStopped = true;
  }

  async #write(): Promise<void> {
    const lease = await this.#options.lease;
    if (lease === null) return this.#end();
    while (this.#pending.length > 0 && !this.#isStopped) {
      const events = this.#nextBatch();
      await this.#waitForResults(events);
      const hasEnded = events.some((event) => event.type === "run-started" || event.type === "run-ended");
      if (!(await this.#sendChunk(events, lease.epoch))) return this.#end();
      await this.#sendManifests(events);
      for (const event of events) this.#summary = summariseRun(this.#summary, event);
      if (hasEnded) await this.#sendSummary();
      const pauseMs = Math.min(LAST_PAUSE_MS, FIRST_PAUSE_MS + this.#lastChunk * PAUSE_GROWTH_MS);
      await this.#pause(pauseMs, this.#hurry.signal);
    }
  }

  /**
   * Who takes the run over keeps what its record calls passed, so the results go first: else they would be made again. A
   * result that takes too long does not hold the record up for ever; then its step runs again elsewhere.
   */
  async #waitForResults(events: readonly RunEvent[]): Promise<void> {
    const { uploads } = this.#options;
    const keys = events.flatMap((event) =>
      event.type === "step-ended" && event.manifestDigest !== null ? [event.manifestDigest] : [],
    );
    const isSettled = new AbortController();
    const settled = Promise.all(keys.map((key) => uploads.entrySettled(key))).finally(() => isSettled.abort());
    await Promise.race([settled, this.#pause(RESULT_WAIT_MS, isSettled.signal)]);
  }

  #nextBatch(): readonly RunEvent[] {
    let bytes = 0;
    let count = 0;
    for (const event of this.#pending.slice(0, MAX_EVENTS)) {
      bytes += JSON.stringify(event).length;
      if (count > 0 && bytes > MAX_BYTES) break;
      count += 1;
    }
    return this.#pending.splice(0, count);
  }

  /** False: the record ends here, because the store is down or the run was taken over. */
  async #sendChunk(events: readonly RunEvent[], epoch: number): Promise<boolean> {
    const { guard, layout, runId } = this.#options;
    const number = this.#lastChunk + 1;
    const key = layout.chunk(runId, number);
    const logs = await this.#gatherLogs(events);
    const bytes = sealChunk({ schema: 1, runId, number, epoch, events, ...logs }, this.#options);
    const answer = await guard.insist("write", (store, signal) => store.put(key, bytes, { signal, ifAbsent: true }));
    if (answer.kind !== "got") {
      guard.warnBehind(`the record of run ${runId} ends with event ${(events[0]?.sequence ?? 1) - 1}`);
      return false;
    }
    if (answer.value.kind === "conflict" && !(await this.#isOurs(key, bytes))) return false;
    this.#lastChunk = number;
    return true;
  }

  /** A piece that is there already: our own, whose answer got lost, or that of a machine which took the run over. */
  async #isOurs(key: string, bytes: Uint8Array): Promise<boolean> {
    const { guard } = this.#options;
    const answer = await guard.insist("read", (store, signal) => store.get(key, { signal, maxBytes: 64 * MAX_BYTES }));
    if (answer.kind === "got" && answer.value !== null && Buffer.compare(answer.value.bytes, bytes) === 0) return true;
    if (answer.kind === "got") this.#tellTakenOver();
    return false;
  }

  /** They only explain: one that does not get through is missed by `why`, and by nothing else. */
  async #sendManifests(events: readonly RunEvent[]): Promise<void> {
    const digests = events.flatMap((event) =>
      event.type === "step-ended" && event.manifestDigest !== null ? [event.manifestDigest] : [],
    );
    const queue = new Set(digests.filter((digest) => !this.#manifests.has(digest))).values();
    const sendNext = async (): Promise<void> => {
      for (const digest of queue) await this.#sendManifest(digest);
    };
    await Promise.all(Array.from({ length: MANIFESTS_AT_ONCE }, sendNext));
  }

  async #sendManifest(digest: string): Promise<void> {
    const { guard, layout, manifest } = this.#options;
    this.#manifests.add(digest);
    const found = await manifest(digest).catch(() => null);
    if (found === null) return;
    const bytes = Buffer.from(canonicalJson(found));
    await guard.write((store, signal) => store.put(layout.manifest(digest), bytes, { signal, ifAbsent: true }));
  }

  /** Takes small logs along and queues the others. */
  async #gatherLogs(events: readonly RunEvent[]): Promise<Pick<RunChunk, "logs" | "inline">> {
    const logs: Record<string, string> = {};
    const gatherer = new InlineGatherer();
    for (const event of events) {
      if (event.type !== "step-ended") continue;
      const log = await this.#findLog(event).catch(() => null);
      if (log === null) continue;
      logs[event.step] = log.digest;
      if (!(await gatherer.add(log.digest, log.path))) this.#options.uploads.addBlob(log.digest, log.path);
    }
    return { logs, inline: gatherer.blobs };
  }

  /** Null when the step wrote nothing, or too much. */
  async #findLog(event: StepEnded): Promise<{ readonly digest: string; readonly path: string } | null> {
    const kept = event.logDigest === null ? null : await this.#options.localBlobs.localPath(event.logDigest);
    if (event.logDigest !== null && kept !== null) return { digest: event.logDigest, path: kept };
    const path = this.#options.logPath(event.step);
    const { size } = await stat(path);
    return size === 0 || size > MAX_LOG_BYTES ? null : { digest: await digestFile(path), path };
  }

  async #sendSummary(): Promise<void> {
    const { guard, layout, seal, runId } = this.#options;
    if (this.#summary === null) return;
    const key = layout.summary(runId);
    const bytes = seal.seal("run-summary", key, this.#summary);
    await guard.insist("write", (store, signal) => store.put(key, bytes, { signal }));
  }

  async #renew(): Promise<void> {
    const lease = await this.#options.lease;
    if (lease === null) return;
    for (;;) {
      await this.#pause(RENEW_MS, this.#stop.signal);
      if (this.#stop.signal.aborted || this.#isStopped || this.#options.guard.isOff("write")) return;
      if ((await lease.renew()) === "lost") this.#tellTakenOver();
    }
  }

  async #pause(ms: number, until: AbortSignal): Promise<void> {
    await this.#options.clock.sleep(ms, until).catch(() => undefined);
  }

  #tellTakenOver(): void {
    if (this.#isStopped) return;
    this.#end();
    const message = "another machine went on with it";
    this.#options.onTakenOver(problem("RUN_TAKEN_OVER", { place: `run ${this.#options.runId}`, message }));
  }

  #end(): void {
    this.#isStopped = true;
    this.#isWhole = false;
    this.#pending.length = 0;
  }
}
