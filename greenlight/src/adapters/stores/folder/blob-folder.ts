import { randomBytes } from "node:crypto";
import { constants, existsSync } from "node:fs";
import { chmod, copyFile, mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";

import { digestFile } from "../../../base/file-digest.ts";
import { problem, ProblemError } from "../../../base/problem.ts";
import type { BlobStore } from "../../../engine/blob-store.ts";

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
    // Asked thousands of times for one release; a trip through the thread pool would cost twenty times as much.
    return existsSync(this.path(digest));
  }

  async localPath(digest: string): Promise<string | null> {
    return (await this.has(digest)) ? this.path(digest) : null;
  }

  async verify(digest: string): Promise<boolean> {
    if (!existsSync(this.path(digest))) return false;
    if ((await digestFile(this.path(digest))) === digest) return true;
    await rm(this.path(digest), { force: true });
    return false;
  }

  async putFile(source: string, digest: string): Promise<void> {
    if (await this.has(digest)) return;
    const target = this.path(digest);
    await this.#place(source, target, digest, 0o444, () => {
      throw new ProblemError([
        problem("SOURCE_CHANGED", { place: source, message: "the file changed while it was being stored" }),
      ]);
    });
  }

  async copyTo(digest: string, target: string, options: { readonly isExecutable: boolean }): Promise<boolean> {
    const source = this.path(digest);
    if (!(await this.has(digest))) return false;
    let isSound = true;
    await this.#place(source, target, digest, options.isExecutable ? 0o755 : 0o644, () => {
      isSound = false;
    });
    if (!isSound) await rm(source, { force: true });
    return isSound;
  }

  async #place(source: string, target: string, digest: string, mode: number, onMismatch: () => void): Promise<void> {
    const temporary = `${target}.${randomBytes(6).toString("hex")}.tmp`;
    try {
      await mkdir(dirname(target), { recursive: true });
      await copyFile(source, temporary, constants.COPYFILE_FICLONE);
      await chmod(temporary, 0o644);
      if ((await digestFile(temporary)) === digest) {
        await chmod(temporary, mode);
        await rename(temporary, target);
      } else onMismatch();
    } finally {
      await rm(temporary, { force: true });
    }
  }
}
