import { mkdir, open, rename, stat, type FileHandle } from "node:fs/promises";
import { dirname } from "node:path";

export interface RotationLimits {
  /** A file grows to at most this, unless one single chunk is larger. */
  readonly maxFileBytes: number;
  /** The current file and the older ones: `log`, `log.1` (newest) … `log.4`. */
  readonly fileCount: number;
}

/** Appends chunks of whole lines to a file and rotates it by size. One caller at a time: await each call before the next. */
export class RotatingFile {
  readonly #path: string;
  readonly #limits: RotationLimits;
  #handle: FileHandle | null = null;
  #sizeBytes = 0;
  #inode = 0;

  constructor(path: string, limits: RotationLimits) {
    this.#path = path;
    this.#limits = limits;
  }

  /** Rejects when the file can't be written; the next call opens it anew. */
  async append(chunk: Buffer): Promise<void> {
    try {
      let handle = this.#handle ?? (await this.#open());
      if (this.#sizeBytes > 0 && this.#sizeBytes + chunk.length > this.#limits.maxFileBytes) {
        handle = await this.#rotate(handle);
      }
      await handle.appendFile(chunk);
      this.#sizeBytes += chunk.length;
    } catch (cause) {
      await this.close().catch(() => undefined);
      throw cause;
    }
  }

  async close(): Promise<void> {
    const handle = this.#handle;
    this.#handle = null;
    await handle?.close();
  }

  async #open(): Promise<FileHandle> {
    await mkdir(dirname(this.#path), { recursive: true });
    const handle = await open(this.#path, "a+", 0o640);
    this.#handle = handle;
    const found = await handle.stat();
    this.#sizeBytes = found.size;
    this.#inode = found.ino;
    await this.#endBrokenLine(handle);
    return handle;
  }

  // A process killed while it wrote leaves half a line; without this the next line would be glued to it.
  async #endBrokenLine(handle: FileHandle): Promise<void> {
    if (this.#sizeBytes === 0) return;
    const last = Buffer.alloc(1);
    await handle.read(last, 0, 1, this.#sizeBytes - 1);
    if (last[0] === 0x0a) return;
    await handle.appendFile("\n");
    this.#sizeBytes += 1;
  }

  // Blue and green may share a log. Whoever finds that the other has rotated already only opens the new file.
  async #rotate(handle: FileHandle): Promise<FileHandle> {
    const current = await stat(this.#path).catch(() => null);
    this.#handle = null;
    await handle.close();
    if (current?.ino === this.#inode) {
      for (let age = this.#limits.fileCount - 1; age >= 1; age -= 1) {
        const older = age === 1 ? this.#path : `${this.#path}.${age - 1}`;
        await rename(older, `${this.#path}.${age}`).catch(ignoreMissing);
      }
    }
    return this.#open();
  }
}

function ignoreMissing(cause: unknown): void {
  if ((cause as NodeJS.ErrnoException).code !== "ENOENT") throw cause;
}
