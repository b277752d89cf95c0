import { setTimeout as sleep } from "node:timers/promises";

import type { Clock } from "../base/clock.ts";
import { monotonicMs } from "../base/monotonic.ts";
import { problem } from "../base/problem.ts";
import type { EventBody, EventHead, RunEvent } from "./event.ts";
import type { RunStore } from "./run-store.ts";
import { viewRun, type RunView } from "./run-view.ts";
import type { Masking } from "./steps/masking.ts";

/** Events of so many milliseconds are stored together: each write costs more than what it writes. */
const GATHER_MS = 15;
/** Milliseconds between the tries to store events that the store refused: a full disk may be freed, a lock let go. */
const RETRY_MS = [100, 300, 600, 1000, 2000];
/** Milliseconds after which it is given up, however few tries that were: a store may take its time to refuse. */
const GIVE_UP_MS = 10_000;

export interface JournalOptions {
  readonly runId: string;
  readonly earlier: readonly RunEvent[];
  readonly store: RunStore;
  readonly clock: Clock;
  readonly masking: Masking;
  readonly listeners: readonly ((event: RunEvent) => void)[];
  /** The store refuses for good; what comes later is kept in memory. */
  onFailure(error: unknown): void;
}

/**
 * Numbers a run's events, masks them, stores them in their order and only then hands them to the listeners. Events of
 * one moment are stored together.
 */
export class Journal {
  readonly #options: JournalOptions;
  readonly #events: RunEvent[];
  readonly #listeners: Set<(event: RunEvent) => void>;
  #queue: RunEvent[] = [];
  #writing: Promise<void> | null = null;
  #failure: unknown = null;
  /** Ends the gathering early. */
  #hurry: () => void = () => undefined;
  /** What was given up is tried once with each further event, and not waited for any more. */
  #isRefused = false;

  constructor(options: JournalOptions) {
    this.#options = options;
    this.#events = [...options.earlier];
    this.#listeners = new Set(options.listeners);
  }

  /** Takes the event and answers it as it is recorded; it is stored a moment later. `flush` says when. */
  append<Body extends EventBody>(body: Body): EventHead & Body {
    const { runId, clock, masking } = this.#options;
    const last = this.#events.at(-1);
    const event = {
      runId,
      sequence: (last?.sequence ?? 0) + 1,
      // A clock that jumps back must not turn the order of the record round.
      at: latest(new Date(clock.now()).toISOString(), last?.at),
      ...masking.json(body),
      // A secret that is a word of ours must not make the record unreadable.
      type: body.type,
      ...("outcome" in body ? { outcome: body.outcome } : {}),
    };
    this.#events.push(event);
    this.#queue.push(event);
    this.#writing ??= this.#write();
    return event;
  }

  /** Resolves when everything appended so far is durable; rejects when the store can't be written. */
  async flush(): Promise<void> {
    while (this.#writing !== null || this.#queue.length > 0) {
      this.#writing ??= this.#write();
      this.#hurry();
      await this.#writing;
      if (this.#failure !== null) {
        const failure = this.#failure;
        this.#failure = null;
        throw failure;
      }
    }
  }

  view(): RunView {
    const view = viewRun(this.#events);
    if (view === undefined) throw new Error("a run's first event must be its start");
    return view;
  }

  async #write(): Promise<void> {
    await this.#gather();
    const { store } = this.#options;
    while (this.#queue.length > 0) {
      const batch = this.#queue;
      this.#queue = [];
      try {
        await this.#store(store, batch);
        this.#isRefused = false;
      } catch (error) {
        this.#queue = [...batch, ...this.#queue];
        this.#failure = error;
        this.#isRefused = true;
        this.#options.onFailure(error);
        break;
      }
      for (const event of batch) this.#tell(event);
    }
    this.#writing = null;
  }

  /** A few milliseconds, or until somebody waits. */
  async #gather(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, GATHER_MS);
      this.#hurry = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  /** Who shows a run must not end it: a listener that throws hears nothing more. */
  #tell(event: RunEvent): void {
    for (const listener of this.#listeners) {
      try {
        listener(event);
      } catch (error) {
        this.#listeners.delete(listener);
        const message = `what shows the run failed: ${error instanceof Error ? error.message : String(error)}`;
        this.append({ type: "run-warned", problem: problem("INTERNAL", { place: "progress", message }) });
      }
    }
  }

  async #store(store: RunStore, batch: readonly RunEvent[]): Promise<void> {
    const begunAt = monotonicMs();
    for (const delayMs of this.#isRefused ? [] : RETRY_MS) {
      try {
        return await store.append(...batch);
      } catch (error) {
        if (monotonicMs() - begunAt > GIVE_UP_MS) throw error;
        await sleep(delayMs);
      }
    }
    return store.append(...batch);
  }
}

function latest(now: string, before: string | undefined): string {
  return before !== undefined && before > now ? before : now;
}
