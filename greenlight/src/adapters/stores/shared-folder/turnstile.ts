import { unreachable } from "./faults.ts";

/**
 * Lets a few operations at a folder go on at once and gives up on those that hang. A call into a mount that hangs can't be
 * ended and keeps its thread, of which Node has four for all files: so it also keeps its place here, and no others follow it.
 */
export class Turnstile {
  readonly #place: string;
  readonly #waiting: (() => void)[] = [];
  #free: number;

  constructor(place: string, atOnce: number) {
    this.#place = place;
    this.#free = atOnce;
  }

  /** Rejects with STORE_UNREACHABLE after `limitMs`, with the signal's reason when aborted; `work` may then still hang. */
  async pass<Answer>(limitMs: number, signal: AbortSignal, work: () => Promise<Answer>): Promise<Answer> {
    signal.throwIfAborted();
    const { promise: givenUp, reject: giveUp } = Promise.withResolvers<never>();
    givenUp.catch(() => undefined);
    const onAbort = (): void => giveUp(signal.reason);
    signal.addEventListener("abort", onAbort, { once: true });
    const timer = setTimeout(() => giveUp(unreachable(this.#place, `no answer within ${limitMs / 1000} s`)), limitMs);
    const entered = this.#enter(givenUp);
    let hasEntered = false;
    try {
      await Promise.race([entered, givenUp]);
      hasEntered = true;
      const done = work().finally(() => this.#leave());
      done.catch(() => undefined);
      return await Promise.race([done, givenUp]);
    } finally {
      // A place that was given in the very moment of giving up goes to the next one.
      if (!hasEntered) void entered.then(() => this.#leave());
      clearTimeout(timer);
      signal.removeEventListener("abort", onAbort);
    }
  }

  async #enter(givenUp: Promise<never>): Promise<void> {
    if (this.#free > 0) {
      this.#free -= 1;
      return;
    }
    await new Promise<void>((resolve) => {
      this.#waiting.push(resolve);
      givenUp.catch(() => {
        const index = this.#waiting.indexOf(resolve);
        if (index !== -1) this.#waiting.splice(index, 1);
      });
    });
  }

  #leave(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free += 1;
    else next();
  }
}
