import { closeSync, writeSync } from "node:fs";
import type { Readable } from "node:stream";

import type { MergedFilter } from "../steps/masking.ts";

/** Milliseconds that one stream's bytes wait for the other's: long enough for who writes piece by piece, short for who reads along. */
const BLOCKED_MS = 250;

/**
 * Brings what a program writes through a filter into its log, in the order of arrival. A chunk is written before the next one
 * is read, so that no more than one a stream is ever in memory, and a fast writer waits. When the log can't be written, the
 * program goes on and what it writes is thrown away.
 */
export class MaskedOutput {
  readonly #log: number;
  readonly #filter: MergedFilter;
  readonly #streams: readonly (Readable | null)[];
  readonly #closed: Promise<unknown>;
  #timer: NodeJS.Timeout | undefined;
  #problem: string | null = null;

  /** `streams`: standard output and error. */
  constructor(log: number, filter: MergedFilter, streams: readonly (Readable | null)[]) {
    this.#log = log;
    this.#filter = filter;
    this.#streams = streams;
    this.#closed = Promise.all(streams.map((from, source) => this.#copy(from, source)));
  }

  /**
   * Waits until both streams have ended, at most `limitMs`: somebody who left the program's group may hold them open for
   * ever. Then writes what the filter holds back and closes the log. Answers why the log is not whole, or null.
   */
  async drain(limitMs: number): Promise<string | null> {
    let timer: NodeJS.Timeout | undefined;
    await Promise.race([
      this.#closed,
      new Promise((resolve) => {
        timer = setTimeout(resolve, limitMs);
      }),
    ]);
    clearTimeout(timer);
    clearTimeout(this.#timer);
    for (const from of this.#streams) from?.destroy();
    this.#write(this.#filter.flush());
    closeSync(this.#log);
    return this.#problem;
  }

  #copy(from: Readable | null, source: number): Promise<void> {
    if (from === null) return Promise.resolve();
    from.on("data", (chunk: Buffer) => {
      this.#write(this.#filter.push(source, chunk));
      this.#limitWait();
    });
    return new Promise((resolve) => {
      from.once("close", resolve);
      from.once("error", () => resolve());
    });
  }

  #limitWait(): void {
    if (!this.#filter.isBlocked) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      return;
    }
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      this.#write(this.#filter.release());
    }, BLOCKED_MS);
  }

  #write(bytes: Buffer): void {
    if (this.#problem !== null) return;
    try {
      for (let at = 0; at < bytes.length;) at += writeSync(this.#log, bytes, at);
    } catch (error) {
      this.#problem = error instanceof Error ? error.message : String(error);
    }
  }
}
