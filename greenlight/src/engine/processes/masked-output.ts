import { closeSync, writeSync } from "node:fs";
import type { Readable } from "node:stream";

import type { LogFilter } from "../masking.ts";

/**
 * Brings what a program writes through filters into its log, in the order of arrival; each stream has a filter of its own,
 * so that a secret is found in one although the other spoke in between. A chunk is written before the next one is
 * read, so that no more than one a stream is ever in memory, and a fast writer waits. When the log can't be written, the
 * program goes on and what it writes is thrown away.
 */
export class MaskedOutput {
  readonly #log: number;
  readonly #streams: readonly { readonly from: Readable; readonly filter: LogFilter }[];
  readonly #closed: Promise<unknown>;
  #problem: string | null = null;

  constructor(log: number, mask: () => LogFilter, streams: readonly (Readable | null)[]) {
    this.#log = log;
    this.#streams = streams.flatMap((from) => (from === null ? [] : [{ from, filter: mask() }]));
    this.#closed = Promise.all(this.#streams.map((stream) => this.#copy(stream)));
  }

  /**
   * Waits until both streams have ended, at most `limitMs`: somebody who left the program's group may hold them open for
   * ever. Then writes what the filters hold back and closes the log. Answers why the log is not whole, or null.
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
    for (const { from, filter } of this.#streams) {
      from.destroy();
      this.#write(filter.flush());
    }
    closeSync(this.#log);
    return this.#problem;
  }

  #copy({ from, filter }: { readonly from: Readable; readonly filter: LogFilter }): Promise<void> {
    from.on("data", (chunk: Buffer) => this.#write(filter.push(chunk)));
    return new Promise((resolve) => {
      from.once("close", resolve);
      from.once("error", () => resolve());
    });
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
