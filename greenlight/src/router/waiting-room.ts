/** A request that nobody takes at the moment. */
export interface Waiter {
  /** When it gives up, in milliseconds of `performance.now()`. */
  readonly deadline: number;
  /** What it keeps in memory meanwhile. */
  readonly heldBytes: number;
  retry(): void;
  giveUp(): void;
}

const KNOCK_EVERY_MS = 20;

/**
 * Requests wait here while no upstream accepts connections: while a killed service is being restarted, before the first release of
 * an environment, or while they are held on purpose. Only the first of them knocks, so that a thousand waiting requests don't
 * become a storm of connections; as soon as one gets through, or the route changes, all go.
 */
export class WaitingRoom {
  readonly #limit: number;
  readonly #limitBytes: number;
  readonly #waiting = new Set<Waiter>();
  #heldBytes = 0;
  #timer: NodeJS.Timeout | null = null;

  constructor(limit: number, limitBytes: number) {
    this.#limit = limit;
    this.#limitBytes = limitBytes;
  }

  get count(): number {
    return this.#waiting.size;
  }

  get heldBytes(): number {
    return this.#heldBytes;
  }

  /** False: the room is full. */
  enter(waiter: Waiter): boolean {
    if (this.#waiting.size >= this.#limit || this.#heldBytes + waiter.heldBytes > this.#limitBytes) return false;
    this.#waiting.add(waiter);
    this.#heldBytes += waiter.heldBytes;
    this.#timer ??= setInterval(() => this.#knock(), KNOCK_EVERY_MS);
    return true;
  }

  /** For a client that went away. */
  leave(waiter: Waiter): void {
    this.#remove(waiter);
    this.#stopWhenEmpty();
  }

  wakeAll(): void {
    if (this.#waiting.size === 0) return;
    const woken = [...this.#waiting];
    this.#waiting.clear();
    this.#heldBytes = 0;
    this.#stopWhenEmpty();
    for (const waiter of woken) waiter.retry();
  }

  #knock(): void {
    const now = performance.now();
    for (const waiter of this.#waiting) {
      if (waiter.deadline > now) continue;
      this.#remove(waiter);
      waiter.giveUp();
    }
    const [first] = this.#waiting;
    if (first !== undefined) {
      this.#remove(first);
      first.retry();
    }
    this.#stopWhenEmpty();
  }

  #remove(waiter: Waiter): void {
    if (this.#waiting.delete(waiter)) this.#heldBytes -= waiter.heldBytes;
  }

  #stopWhenEmpty(): void {
    if (this.#waiting.size > 0 || this.#timer === null) return;
    clearInterval(this.#timer);
    this.#timer = null;
  }
}
