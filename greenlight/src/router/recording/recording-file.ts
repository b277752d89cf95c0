import { appendFile, mkdir, rename, stat } from "node:fs/promises";
import { join } from "node:path";

import { RECORDING_FILES } from "./recording-reader.ts";

const [CURRENT = "", PREVIOUS = ""] = RECORDING_FILES;
/** After a disk refused, so that a full one is not tried with each request. */
const PAUSE_MS = 30_000;

/**
 * The file that recorded lines go to, and the one before it; both together hold at most `totalLimitBytes`. Written in the
 * background, one write after the other; what the disk refuses is lost, and told once.
 */
export class RecordingFile {
  readonly #folder: string;
  readonly #log: (line: string) => void;
  #sizeBytes: number | null = null;
  #queue: Promise<void> = Promise.resolve();
  #pausedUntil = 0;
  #isTorn = true;

  constructor(folder: string, log: (line: string) => void) {
    this.#folder = folder;
    this.#log = log;
  }

  /** True while there is no use in recording anything. */
  get isPaused(): boolean {
    return performance.now() < this.#pausedUntil;
  }

  write(text: string, totalLimitBytes: number): Promise<void> {
    this.#queue = this.#writeAfter(this.#queue, text, totalLimitBytes);
    return this.#queue;
  }

  async #writeAfter(earlier: Promise<void>, text: string, totalLimitBytes: number): Promise<void> {
    await earlier;
    try {
      await this.#append(text, totalLimitBytes);
    } catch (error) {
      if (!this.isPaused) this.#log(`requests can't be recorded: ${(error as Error).message}`);
      this.#pausedUntil = performance.now() + PAUSE_MS;
      this.#sizeBytes = null;
      this.#isTorn = true;
    }
  }

  async #append(text: string, totalLimitBytes: number): Promise<void> {
    const path = join(this.#folder, CURRENT);
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    this.#sizeBytes ??= await stat(path).then(
      ({ size }) => size,
      () => 0,
    );
    const bytes = Buffer.byteLength(text);
    if (bytes > totalLimitBytes / 2) return;
    if (this.#sizeBytes + bytes > totalLimitBytes / 2) {
      if (this.#sizeBytes > 0) await rename(path, join(this.#folder, PREVIOUS));
      this.#sizeBytes = 0;
    }
    // A line that a crash tore must not take the first of the next router with it.
    await appendFile(path, this.#isTorn ? `\n${text}` : text, { mode: 0o600 });
    this.#isTorn = false;
    this.#sizeBytes += bytes + 1;
  }
}
