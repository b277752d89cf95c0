import { closeSync, fstatSync, openSync, readSync } from "node:fs";

import { lastLines } from "../last-lines.ts";

/** What is read of a log, however long it is. */
const TAIL_BYTES = 4096;

/** The last lines of growing files. Reads at most 4 KiB of each, and nothing of one that did not grow. */
export class LogTails {
  readonly #known = new Map<string, { readonly size: number; readonly lines: readonly string[] }>();
  readonly #buffer = Buffer.alloc(TAIL_BYTES);

  /** At most `count` lines, oldest first, without control characters; empty while there is no file. */
  read(path: string, count: number): readonly string[] {
    let file: number;
    try {
      file = openSync(path, "r");
    } catch {
      return [];
    }
    try {
      const { size } = fstatSync(file);
      const known = this.#known.get(path);
      if (known?.size === size) return known.lines;
      const from = Math.max(0, size - TAIL_BYTES);
      const length = readSync(file, this.#buffer, 0, TAIL_BYTES, from);
      const lines = lastLines(this.#buffer.subarray(0, length), { count, isWhole: from === 0 });
      this.#known.set(path, { size, lines });
      return lines;
    } catch {
      return [];
    } finally {
      closeSync(file);
    }
  }

  /** Forgets the files that are not among `paths`. */
  keepOnly(paths: ReadonlySet<string>): void {
    for (const path of this.#known.keys()) if (!paths.has(path)) this.#known.delete(path);
  }
}
