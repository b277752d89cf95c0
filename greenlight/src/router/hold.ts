import type { Route } from "./wire.ts";

/**
 * Whether requests are held on purpose: a release that does not fit beside the old one into memory is started while nothing
 * serves. The hold is part of the route, so that it is fenced, survives the router, and ends with the swap to the new release;
 * and it ends by itself, so that a controller that died in the middle of it leaves no silence behind.
 */
export class Hold {
  readonly #longestMs: number;
  readonly #onTimeUp: () => void;
  #until = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(longestMs: number, onTimeUp: () => void) {
    this.#longestMs = longestMs;
    this.#onTimeUp = onTimeUp;
  }

  get isOn(): boolean {
    return this.#until !== 0;
  }

  /** In milliseconds of `performance.now()`; 0: there is no hold. */
  get until(): number {
    return this.#until;
  }

  follow({ holdUntilMs }: Route): void {
    this.stop();
    const leftMs = Math.min((holdUntilMs ?? 0) - Date.now(), this.#longestMs);
    if (leftMs <= 0) return;
    this.#until = performance.now() + leftMs;
    this.#timer = setTimeout(() => {
      this.stop();
      this.#onTimeUp();
    }, leftMs);
  }

  stop(): void {
    this.#until = 0;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }
}
