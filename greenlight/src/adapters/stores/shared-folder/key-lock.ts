import { createHash, randomUUID } from "node:crypto";
import { truncate } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";

import { takeNumberedLock } from "../../../base/numbered-lock.ts";

/** A holder that shows no change for this long is dead. Nobody holds a lock for longer than half of it. */
const STALE_MS = 5000;
const SHARDS = 64;
const POLL_MS = 15;

/**
 * Locks of a folder's keys between machines, for the writes that compare before they replace. A holder that died is
 * passed over after five seconds in which its lock did not change, as seen by the one who waits: clocks of different
 * machines are never compared. One lock serves many keys, so that their files stay few.
 */
export class KeyLock {
  readonly #folder: string;
  readonly #staleMs: number;
  readonly #tails = new Map<string, Promise<void>>();

  constructor(folder: string, staleMs = STALE_MS) {
    this.#folder = folder;
    this.#staleMs = staleMs;
  }

  /**
   * Runs `work` while no other process runs one of the same key. `assertHeld` throws when the lock may have been lost, because this
   * process stood still; call it right before the write. Rejects with the signal's reason when aborted while waiting.
   */
  async hold<Answer>(
    key: string,
    signal: AbortSignal,
    work: (assertHeld: () => void) => Promise<Answer>,
  ): Promise<Answer> {
    const shard = String((createHash("sha256").update(key).digest()[0] ?? 0) % SHARDS);
    // Waiters of this process stand in line, so that they don't race each other for the file.
    const before = this.#tails.get(shard) ?? Promise.resolve();
    const mine = before.then(() => this.#holdShard(shard, signal, work));
    this.#tails.set(
      shard,
      mine.then(
        () => undefined,
        () => undefined,
      ),
    );
    return mine;
  }

  async #holdShard<Answer>(
    shard: string,
    signal: AbortSignal,
    work: (assertHeld: () => void) => Promise<Answer>,
  ): Promise<Answer> {
    const firstSeen = new Map<string, number>();
    const isHeld = (text: string): boolean => {
      // An emptied file is a lock that was given back.
      if (text === "") return false;
      const seen = firstSeen.get(text);
      if (seen === undefined) firstSeen.set(text, performance.now());
      return seen === undefined || performance.now() - seen < this.#staleMs;
    };
    for (;;) {
      signal.throwIfAborted();
      const lock = await takeNumberedLock({
        folder: join(this.#folder, shard),
        floor: 0,
        describe: () => randomUUID(),
        isHeld,
      });
      if (lock.isTaken) {
        const takenAt = performance.now();
        try {
          return await work(() => {
            if (performance.now() - takenAt > this.#staleMs / 2) throw new LostLockError();
          });
        } finally {
          // Emptied, not removed: numbers must go on rising. It also works on a full disk.
          await truncate(lock.path, 0).catch(() => undefined);
        }
      }
      await pause(POLL_MS * (0.5 + Math.random()), undefined, { signal });
    }
  }
}

/** This process stood still for so long that somebody else may have the lock now. */
export class LostLockError extends Error {
  override readonly name = "LostLockError";
}
