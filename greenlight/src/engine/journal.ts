import type { Clock } from "../base/clock.ts";
import type { EventBody, RunEvent } from "./event.ts";
import type { RunStore } from "./run-store.ts";
import { viewRun, type RunView } from "./run-view.ts";

/** Numbers a run's events, stores each before anyone sees it, and hands it to the listeners in order. */
export class Journal {
  readonly #events: RunEvent[] = [];
  readonly #runId: string;
  readonly #store: RunStore;
  readonly #clock: Clock;
  readonly #listeners: readonly ((event: RunEvent) => void)[];
  #tail: Promise<void> = Promise.resolve();

  constructor(options: {
    readonly runId: string;
    readonly store: RunStore;
    readonly clock: Clock;
    readonly listeners: readonly ((event: RunEvent) => void)[];
  }) {
    this.#runId = options.runId;
    this.#store = options.store;
    this.#clock = options.clock;
    this.#listeners = options.listeners;
  }

  /** Resolves when the event is durable. Events are stored in the order of the calls. */
  async append(body: EventBody): Promise<void> {
    const event: RunEvent = {
      runId: this.#runId,
      sequence: this.#events.length + 1,
      at: new Date(this.#clock.now()).toISOString(),
      ...body,
    };
    this.#events.push(event);
    const stored = this.#tail.then(() => this.#store.append(event));
    this.#tail = stored.catch(() => undefined);
    await stored;
    for (const listener of this.#listeners) listener(event);
  }

  view(): RunView {
    const view = viewRun(this.#events);
    if (view === undefined) throw new Error("a run's first event must be its start");
    return view;
  }
}
