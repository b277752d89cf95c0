import { randomUUID } from "node:crypto";
import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";

import { problem, ProblemError } from "../../base/problem.ts";
import type { BlobStore } from "../../engine/blob-store.ts";
import type { BlobSender } from "./blob-sender.ts";
import { keepInline, type InlineBlobs } from "./inline-blobs.ts";
import type { StoreGuard } from "./store-guard.ts";
import type { StoreLayout } from "./store-layout.ts";
import type { UploadQueue } from "./upload-queue.ts";

const MAX_BLOB_BYTES = 64 * 1024 ** 3;
const AT_ONCE = 8;

/**
 * The local blobs, filled from the shared store where they lack one. What is fetched is verified by its digest before it gets
 * among the local ones, so a poisoned or cut blob never reaches the project; it counts as absent and is told once.
 */
export class SharedBlobs implements BlobStore {
  readonly #local: BlobStore;
  readonly #guard: StoreGuard;
  readonly #layout: StoreLayout;
  readonly #uploads: UploadQueue;
  readonly #sender: BlobSender;
  readonly #scratch: string;
  readonly #underWay = new Map<string, Promise<boolean>>();
  readonly #absent = new Set<string>();

  constructor(options: {
    readonly local: BlobStore;
    readonly guard: StoreGuard;
    readonly layout: StoreLayout;
    readonly uploads: UploadQueue;
    readonly sender: BlobSender;
    /** A folder for what is not yet verified. */
    readonly scratchFolder: string;
  }) {
    this.#local = options.local;
    this.#guard = options.guard;
    this.#layout = options.layout;
    this.#uploads = options.uploads;
    this.#sender = options.sender;
    this.#scratch = options.scratchFolder;
  }

  async has(digest: string): Promise<boolean> {
    return (await this.#local.has(digest)) || this.#fetch(digest);
  }

  async localPath(digest: string): Promise<string | null> {
    const path = await this.#local.localPath(digest);
    if (path !== null) return path;
    return (await this.#fetch(digest)) ? this.#local.localPath(digest) : null;
  }

  async verify(digest: string): Promise<boolean> {
    return (await this.#local.verify(digest)) || this.#fetch(digest);
  }

  async putFile(path: string, digest: string): Promise<void> {
    await this.#local.putFile(path, digest);
    this.#uploads.noteBlob(digest);
  }

  async putBytes(bytes: Uint8Array, digest: string): Promise<void> {
    await this.#local.putBytes(bytes, digest);
    this.#uploads.noteBlob(digest);
  }

  async copyTo(digest: string, target: string, options: { readonly isExecutable: boolean }): Promise<boolean> {
    if (await this.#local.copyTo(digest, target, options)) return true;
    return (await this.#fetch(digest)) && this.#local.copyTo(digest, target, options);
  }

  /** Keeps what came inside a signed object; false when a digest does not hold. */
  async keepInline(inline: InlineBlobs): Promise<boolean> {
    return this.#onOwnDisk(() => keepInline(inline, this.#local));
  }

  /** Brings all of them here, several at a time; false as soon as one can't be had. */
  async bring(digests: readonly string[]): Promise<boolean> {
    const queue = digests.values();
    let isComplete = true;
    const bringNext = async (): Promise<void> => {
      for (const digest of queue) {
        if (!isComplete) return;
        if (!(await this.has(digest))) isComplete = false;
      }
    };
    await Promise.all(Array.from({ length: Math.min(AT_ONCE, digests.length) }, bringNext));
    return isComplete;
  }

  /** Fetches a blob that is not here; callers of the same moment share one fetch. */
  #fetch(digest: string): Promise<boolean> {
    if (this.#absent.has(digest) || this.#guard.isOff("read")) return Promise.resolve(false);
    const underWay = this.#underWay.get(digest);
    if (underWay !== undefined) return underWay;
    const fetching = this.#onOwnDisk(() => this.#fetchNow(digest)).finally(() => this.#underWay.delete(digest));
    this.#underWay.set(digest, fetching);
    return fetching;
  }

  async #fetchNow(digest: string): Promise<boolean> {
    const key = this.#layout.blob(digest);
    const temporary = join(this.#scratch, `${randomUUID()}.blob`);
    try {
      await mkdir(this.#scratch, { recursive: true });
      const answer = await this.#guard.read((store, signal) =>
        store.getToFile(key, temporary, { signal, maxBytes: MAX_BLOB_BYTES }),
      );
      if (answer.kind === "refused") return this.#refuse(digest, key, answer.problem.message);
      if (answer.kind === "got" && !answer.value) this.#absent.add(digest);
      if (answer.kind !== "got" || !answer.value) return false;
      return (await this.#keep(temporary, digest)) || this.#refuse(digest, key, "its content has another digest");
    } finally {
      await rm(temporary, { force: true }).catch(() => undefined);
    }
  }

  /** What this machine's own disk does not take counts as absent: it is made again, as far as that goes. */
  async #onOwnDisk(work: () => Promise<boolean>): Promise<boolean> {
    try {
      return await work();
    } catch (error) {
      this.#guard.warn(problem("STORE_UNWRITABLE", { place: this.#scratch, message: String(error).slice(0, 300) }));
      return false;
    }
  }

  /** Copies into the local store, which verifies. False: it has another digest. */
  async #keep(path: string, digest: string): Promise<boolean> {
    try {
      await this.#local.putFile(path, digest);
      return true;
    } catch (error) {
      if (error instanceof ProblemError && error.problems.some((each) => each.code === "SOURCE_CHANGED")) return false;
      throw error;
    }
  }

  #refuse(digest: string, key: string, message: string): false {
    this.#absent.add(digest);
    this.#sender.replace(digest);
    this.#guard.warn(problem("STORE_ENTRY_REFUSED", { place: key, message: `${message}; it was not used` }));
    return false;
  }
}
