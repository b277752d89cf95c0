import {
  chmodSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from "node:fs";
import { copyFile } from "node:fs/promises";
import { dirname, join } from "node:path";

import { digestBytes, digestFile } from "../../../base/file-digest.ts";
import { placeFile, temporaryName } from "../../../base/place-file.ts";
import { problem, ProblemError } from "../../../base/problem.ts";
import type { BlobStore } from "../../../engine/blob-store.ts";

/** Up to here a blob is handled at once: a trip through the thread pool would cost more. */
const SMALL_BYTES = 1024 * 1024;

/** Blobs as files `ab/cdef…` below a folder, each written to a temporary name and renamed. */
export class BlobFolder implements BlobStore {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Where a blob lies; it may be absent. */
  path(digest: string): string {
    if (!/^[0-9a-f]{64}$/u.test(digest)) throw new Error(`not a SHA-256: ${digest}`);
    return join(this.#folder, digest.slice(0, 2), digest.slice(2));
  }

  async has(digest: string): Promise<boolean> {
    return existsSync(this.path(digest));
  }

  async localPath(digest: string): Promise<string | null> {
    return existsSync(this.path(digest)) ? this.path(digest) : null;
  }

  async verify(digest: string): Promise<boolean> {
    const stats = statSync(this.path(digest), { throwIfNoEntry: false });
    if (stats === undefined) return false;
    if (stats.isFile() && (await digestFile(this.path(digest))) === digest) return true;
    rmSync(this.path(digest), { recursive: true, force: true });
    return false;
  }

  async putFile(source: string, digest: string): Promise<void> {
    // What stands there may be damaged: a result that is kept anew makes it sound again.
    if (this.#isThere(digest, statSync(source).size)) return;
    const isKept = await this.#place(source, this.path(digest), digest, 0o444);
    if (isKept) return;
    throw new ProblemError([
      problem("SOURCE_CHANGED", { place: source, message: "the file changed while it was being stored" }),
    ]);
  }

  async putBytes(bytes: Uint8Array, digest: string): Promise<void> {
    if (!this.#isThere(digest, bytes.length)) placeFile(bytes, this.path(digest), 0o444);
  }

  async copyTo(digest: string, target: string, options: { readonly isExecutable: boolean }): Promise<boolean> {
    const source = this.path(digest);
    if (!existsSync(source)) return false;
    const isSound = await this.#place(source, target, digest, options.isExecutable ? 0o755 : 0o644);
    if (!isSound) rmSync(source, { recursive: true, force: true });
    return isSound;
  }

  /** A blob of another size than its content is a torn one. */
  #isThere(digest: string, size: number): boolean {
    return statSync(this.path(digest), { throwIfNoEntry: false })?.size === size;
  }

  /** Copies by way of a temporary file; false when what was read does not have this digest. */
  async #place(source: string, target: string, digest: string, mode: number): Promise<boolean> {
    const stats = statSync(source);
    if (!stats.isFile()) return false;
    const { size } = stats;
    if (size <= SMALL_BYTES) {
      const bytes = readFileSync(source);
      if (digestBytes(bytes) !== digest) return false;
      placeFile(bytes, target, mode);
      return true;
    }
    const temporary = temporaryName(target);
    try {
      // Not from memory: it may have been taken away, and next to a large file making it costs nothing.
      mkdirSync(dirname(target), { recursive: true });
      if (size <= 16 * SMALL_BYTES) copyFileSync(source, temporary, constants.COPYFILE_FICLONE);
      else await copyFile(source, temporary, constants.COPYFILE_FICLONE);
      chmodSync(temporary, 0o644);
      if ((await digestFile(temporary)) !== digest) return false;
      chmodSync(temporary, mode);
      renameSync(temporary, target);
      return true;
    } finally {
      rmSync(temporary, { force: true });
    }
  }
}
