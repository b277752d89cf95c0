import { setTimeout as pause } from "node:timers/promises";

import { problem, ProblemError, type Problem } from "../../base/problem.ts";
import type { ObjectStore } from "../../engine/object-store.ts";

export type Direction = "read" | "write";

export type Answer<Value> =
  | { readonly kind: "got"; readonly value: Value }
  /** That one call failed; another may succeed. */
  | { readonly kind: "failed" }
  /** The object itself can't be used (too large, no file). */
  | { readonly kind: "refused"; readonly problem: Problem }
  /** The store is left alone for the rest of the run. */
  | { readonly kind: "off" };

/** Consecutive failures after which the store is left alone. */
const MAX_FAILURES = 3;
/** The same for the time that they took together: a store that hangs must not be waited for thrice. */
const MAX_LOST_MS = 6000;
const ATTEMPTS = 4;
const RETRY_MS = 100;

/**
 * Stands between a run and its shared store, so that a store that is down costs a warning and a bounded time, never the run. After
 * some failures in a row the store is left alone and calls under way are ended. One that refuses to write may still be read.
 */
export class StoreGuard {
  readonly #store: Promise<ObjectStore>;
  readonly #onWarning: (problem: Problem) => void;
  readonly #place: string;
  readonly #signal: AbortSignal;
  readonly #told = new Set<string>();
  readonly #stop: Readonly<Record<Direction, AbortController>> = {
    read: new AbortController(),
    write: new AbortController(),
  };
  readonly #signals: Readonly<Record<Direction, AbortSignal>>;
  /** Failures in a row, apart for each direction: a store may take everything and give nothing back. */
  readonly #streak: Record<Direction, { failures: number; lostMs: number }> = {
    read: { failures: 0, lostMs: 0 },
    write: { failures: 0, lostMs: 0 },
  };

  /**
   * `open` is called at once, so that a heavy library loads while the run starts; `signal` ends everything without a word,
   * `readSignal` all reading.
   */
  constructor(options: {
    readonly place: string;
    readonly signal: AbortSignal;
    readonly readSignal?: AbortSignal | undefined;
    open(): Promise<ObjectStore>;
    onWarning(problem: Problem): void;
  }) {
    this.#place = options.place;
    this.#signal = options.signal;
    this.#onWarning = options.onWarning;
    this.#signals = {
      read: AbortSignal.any([options.signal, this.#stop.read.signal, options.readSignal ?? options.signal]),
      write: AbortSignal.any([options.signal, this.#stop.write.signal]),
    };
    this.#store = options.open();
    this.#store.catch(() => undefined);
  }

  async read<Value>(call: (store: ObjectStore, signal: AbortSignal) => Promise<Value>): Promise<Answer<Value>> {
    return this.#call("read", call);
  }

  async write<Value>(call: (store: ObjectStore, signal: AbortSignal) => Promise<Value>): Promise<Answer<Value>> {
    return this.#call("write", call);
  }

  /** The same for what must not be lost to one failure: tried again a few times. */
  async insist<Value>(
    direction: Direction,
    call: (store: ObjectStore, signal: AbortSignal) => Promise<Value>,
  ): Promise<Answer<Value>> {
    for (let attempt = 1; ; attempt += 1) {
      const answer = await this.#call(direction, call);
      if (answer.kind !== "failed" || attempt === ATTEMPTS) return answer;
      await pause(RETRY_MS * attempt, undefined, { signal: this.#signals[direction] }).catch(() => undefined);
    }
  }

  /** True once the store is left alone. */
  isOff(direction: Direction): boolean {
    return this.#signals[direction].aborted;
  }

  /** Fires when it is left alone, or everything ends. */
  whenOff(direction: Direction): AbortSignal {
    return this.#signals[direction];
  }

  /** Tells a person, at most once for each code. */
  warn(found: Problem): void {
    if (this.#told.has(found.code)) return;
    this.#told.add(found.code);
    this.#onWarning(found);
  }

  /** Says that something is missing in the store, unless the store's own state has been told and explains it. */
  warnBehind(message: string): void {
    if (!this.isOff("write")) this.warn(problem("STORE_BEHIND", { place: this.#place, message }));
  }

  /** Ends what is under way and closes the store. Never rejects. */
  async close(): Promise<void> {
    this.#stop.read.abort();
    this.#stop.write.abort();
    await this.#store.then((store) => store.close()).catch(() => undefined);
  }

  async #call<Value>(
    direction: Direction,
    call: (store: ObjectStore, signal: AbortSignal) => Promise<Value>,
  ): Promise<Answer<Value>> {
    const signal = this.#signals[direction];
    if (signal.aborted) return { kind: "off" };
    const startedAt = performance.now();
    try {
      const value = await call(await this.#store, signal);
      this.#streak[direction] = { failures: 0, lostMs: 0 };
      return { kind: "got", value };
    } catch (error) {
      // Ended by `close`, by the run's own end, or because another call found the store down.
      if (signal.aborted || this.#signal.aborted) return { kind: "off" };
      return this.#fail(direction, error, performance.now() - startedAt);
    }
  }

  #fail(direction: Direction, error: unknown, tookMs: number): Answer<never> {
    // What is no Problem is a bug, here or in the store's library; it costs the store, not the run.
    const found =
      (error instanceof ProblemError ? error.problems[0] : undefined) ??
      problem("STORE_UNREACHABLE", { place: this.#place, message: String(error).slice(0, 300) });
    switch (found.code) {
      case "STORE_ENTRY_REFUSED":
        return { kind: "refused", problem: found };
      case "STORE_UNWRITABLE":
        // This machine's own disk.
        this.warn(found);
        return { kind: "failed" };
      case "STORE_UNREACHABLE": {
        const streak = this.#streak[direction];
        streak.failures += 1;
        streak.lostMs += tookMs;
        if (streak.failures < MAX_FAILURES && streak.lostMs < MAX_LOST_MS) return { kind: "failed" };
        return this.#leaveAlone(["read", "write"], found);
      }
      default:
        return this.#leaveAlone(direction === "write" ? ["write"] : ["read", "write"], found);
    }
  }

  #leaveAlone(directions: readonly Direction[], found: Problem): Answer<never> {
    const isWriteOnly = !directions.includes("read");
    const how = isWriteOnly ? "nothing more is written to it in this run" : "the run goes on without it";
    this.warn({ ...found, message: `${found.message}; ${how}` });
    for (const direction of directions) this.#stop[direction].abort();
    return { kind: "off" };
  }
}
