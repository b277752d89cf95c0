import { readFileSync, realpathSync, statSync } from "node:fs";
import { join } from "node:path";

import { isOutside } from "../files/is-outside.ts";

const MAX_BYTES = 4 * 1024 * 1024;
/** Together, in bytes, of the files that are held. */
const MAX_HELD = 16 * 1024 * 1024;

/** Lines of the files that findings speak of. Reports go file by file, so the last few files are enough to hold. */
export class SourceLines {
  readonly #folder: string;
  readonly #realRoot: string;
  readonly #held = new Map<string, { readonly lines: readonly string[]; readonly size: number }>();
  #size = 0;

  /** What lies outside of `root`, links followed, is not read: a report may name any path. */
  constructor(folder: string, root: string) {
    this.#folder = folder;
    this.#realRoot = realOr(root);
  }

  /** The text of a line, 1 being the first; null when there is none or the file can't be read. */
  of(file: string, line: number): string | null {
    let held = this.#held.get(file);
    if (held === undefined) {
      held = this.#read(file);
      this.#hold(file, held);
    }
    return held.lines[line - 1] ?? null;
  }

  #read(file: string): { readonly lines: readonly string[]; readonly size: number } {
    try {
      const path = realpathSync.native(join(this.#folder, file));
      // Reading a pipe would wait for ever.
      const stats = statSync(path);
      if (!stats.isFile() || stats.size > MAX_BYTES || isOutside(this.#realRoot, path)) return NOTHING;
      return { lines: readFileSync(path, "utf8").split(/\r\n|\n|\r/u), size: stats.size };
    } catch {
      return NOTHING;
    }
  }

  #hold(file: string, read: { readonly lines: readonly string[]; readonly size: number }): void {
    this.#held.set(file, read);
    this.#size += read.size + 200;
    for (const [oldest, { size }] of this.#held) {
      if (this.#size <= MAX_HELD || oldest === file) return;
      this.#held.delete(oldest);
      this.#size -= size + 200;
    }
  }
}

const NOTHING = { lines: [], size: 0 } as const;

function realOr(folder: string): string {
  try {
    return realpathSync.native(folder);
  } catch {
    return folder;
  }
}
