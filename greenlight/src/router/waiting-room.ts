/** A request that nobody takes at the moment. */
export interface Waiter {
  /** When it gives up, in milliseconds of `performance.now()`. */
  readonly deadline: number;
  retry(): void;
  giveUp(): void;
}

const KNOCK_EVERY_MS = 20;

/**
 * Requests wait here while no upstream accepts connections: while a killed service is being restarted, or between two
 * releases of an environment that had none. Only the first of them knocks, so that a thousand waiting requests don't
 * become a storm of connections; as soon as one gets through, or the route changes, all go.
 */
export class WaitingRoom {
  readonly #limit: number;
  readonly #waiting = new Set<Waiter>();
  #timer: NodeJS.Timeout | null = null;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get count(): number {
    return this.#waiting.size;
  }

  /** False: the room is full. */
  enter(waiter: Waiter): boolean {
    if (this.#waiting.size >= this.#limit) return false;
    this.#waiting.add(waiter);
    this.#timer ??= setInterval(() => this.#knock(), KNOCK_EVERY_MS);
    return true;
  }

  /** For a client that went away. */
  leave(waiter: Waiter): void {
    this.#waiting.delete(waiter);
    this.#stopWhenEmpty();
  }

  wakeAll(): void {
    if (this.#waiting.size === 0) return;
    const woken = [...this.#waiting];
    this.#waiting.clear();
    this.#stopWhenEmpty();
    for (const waiter of woken) waiter.retry();
  }

  #knock(): void {
    const now = performance.now();
    for (const waiter of this.#waiting) {
      if (waiter.deadline > now) continue;
      this.#waiting.delete(waiter);
      waiter.giveUp();
    }
    const [first] = this.#waiting;
    if (first !== undefined) {
      this.#waiting.delete(first);
      first.retry();
    }
    this.#stopWhenEmpty();
  }

  #stopWhenEmpty(): void {
    if (this.#waiting.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }
}
