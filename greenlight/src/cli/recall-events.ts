import type { ProjectPlace } from "../app/find-project.ts";
import type { RunEvent } from "../engine/event.ts";
import type { CommandCall } from "./command-call.ts";

export interface EventSink {
  /** An event that came before this process took part in the run. */
  recall(event: RunEvent): void;
  show(event: RunEvent): void;
}

/**
 * For what has to know a run from its beginning: when it goes on in this process, its earlier events are read first, and
 * what happens meanwhile waits.
 */
export class RecalledEvents {
  readonly #call: CommandCall;
  readonly #place: ProjectPlace;
  readonly #sink: EventSink;
  /** Null: nothing has to wait any more. */
  #waiting: RunEvent[] | null = [];
  #recalled: Promise<void> = Promise.resolve();

  constructor(call: CommandCall, place: ProjectPlace, sink: EventSink) {
    this.#call = call;
    this.#place = place;
    this.#sink = sink;
  }

  show(event: RunEvent): void {
    if (this.#waiting === null) {
      this.#sink.show(event);
      return;
    }
    this.#waiting.push(event);
    if (event.sequence === 1) this.#release();
    // A store that can't be read costs the memory of the beginning, nothing else.
    else if (this.#waiting.length === 1)
      this.#recalled = this.#recall(event).then(
        () => this.#release(),
        () => this.#release(),
      );
  }

  /** Resolves when every event so far was shown. */
  settled(): Promise<void> {
    return this.#recalled;
  }

  async #recall(first: RunEvent): Promise<void> {
    const runs = await this.#call.composition.openRuns(this.#place.stateFolder);
    try {
      for (const event of await runs.events(first.runId)) {
        if (event.sequence < first.sequence) this.#sink.recall(event);
      }
    } finally {
      await runs.close();
    }
  }

  #release(): void {
    const waiting = this.#waiting ?? [];
    this.#waiting = null;
    for (const event of waiting) this.#sink.show(event);
  }
}
