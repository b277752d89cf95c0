import { stat } from "node:fs/promises";

import { digestText } from "../../base/file-digest.ts";
import { canonicalJson } from "../../base/json.ts";
import type { BlobStore, CacheEntry, CacheStore } from "../../engine/blob-store.ts";
import { blobsOf } from "./entry-schema.ts";
import type { Seal } from "./seal.ts";
import type { Answer, StoreGuard } from "./store-guard.ts";
import type { StoreLayout } from "./store-layout.ts";

type Upload =
  | { readonly kind: "blob"; readonly digest: string; readonly path: string | null }
  /** `digest` of the entry as this run made it: another engine may since have written the local cache. */
  | { readonly kind: "entry"; readonly key: string; readonly digest: string };

const AT_ONCE = 4;
/** Waiting uploads are names only, about 300 bytes each. What does not fit stays on this machine. */
const CAPACITY = 50_000;
/** From this size on it is worth asking first whether the blob is there; smaller ones are just sent. */
const LARGE_BYTES = 128 * 1024;
/** Larger ones go one after another, so that few parts are in memory. */
const HUGE_BYTES = 1024 * 1024;

export interface UploadOptions {
  readonly guard: StoreGuard;
  readonly layout: StoreLayout;
  readonly seal: Seal;
  /** False: nothing is taken in. */
  readonly isWriter: boolean;
  readonly localCache: CacheStore;
  readonly localBlobs: BlobStore;
}

/**
 * Carries what a trusted run made to the shared store, in the background: a few uploads at once, an entry only after all of
 * its blobs, everything read again from the local stores when its turn comes.
 */
export class UploadQueue {
  readonly #options: UploadOptions;
  #waiting: Upload[] = [];
  #next = 0;
  #workers = 0;
  #left = 0;
  #huge: Promise<unknown> = Promise.resolve();
  readonly #sent = new Set<string>();
  readonly #underWay = new Map<string, Promise<boolean>>();
  /** Blobs whose remote copy was found damaged. */
  readonly #damaged = new Set<string>();
  #onIdle: (() => void)[] = [];

  constructor(options: UploadOptions) {
    this.#options = options;
  }

  /** How many uploads wait or are under way. */
  get pending(): number {
    return this.#waiting.length - this.#next + this.#workers;
  }

  /** How many did not reach the store. */
  get leftBehind(): number {
    return this.#left;
  }

  /** `path`: where it lies when it is not among the local blobs. */
  addBlob(digest: string, path: string | null = null): void {
    if (!this.#sent.has(digest)) this.#add({ kind: "blob", digest, path });
  }

  addEntry(key: string, entry: CacheEntry): void {
    if (this.#options.isWriter) this.#add({ kind: "entry", key, digest: digestText(canonicalJson(entry)) });
  }

  /** The remote copy is damaged: the next upload of this blob writes over it. */
  replaceBlob(digest: string): void {
    this.#damaged.add(digest);
    this.#sent.delete(digest);
  }

  /** Resolves when nothing waits and nothing is under way. */
  async idle(): Promise<void> {
    if (this.pending > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }

  #add(upload: Upload): void {
    if (!this.#options.isWriter) return;
    if (this.#options.guard.isOff("write") || this.pending >= CAPACITY) {
      this.#left += 1;
      return;
    }
    this.#waiting.push(upload);
    if (this.#workers >= AT_ONCE) return;
    this.#workers += 1;
    void this.#work();
  }

  async #work(): Promise<void> {
    for (let upload = this.#take(); upload !== undefined; upload = this.#take()) {
      // A local file that can't be read is no upload; the step that needs it will tell.
      const isSent = await this.#send(upload).catch(() => false);
      if (!isSent) this.#left += 1;
    }
    this.#workers -= 1;
    if (this.pending > 0) return;
    for (const resolve of this.#onIdle.splice(0)) resolve();
  }

  #take(): Upload | undefined {
    const upload = this.#waiting[this.#next];
    this.#next += 1;
    if (this.#next > 1000 || upload === undefined) {
      this.#waiting = this.#waiting.slice(this.#next);
      this.#next = 0;
    }
    return upload;
  }

  async #send(upload: Upload): Promise<boolean> {
    if (this.#options.guard.isOff("write")) return false;
    return upload.kind === "blob" ? this.#sendBlob(upload.digest, upload.path) : this.#sendEntry(upload);
  }

  async #sendEntry(upload: Upload & { readonly kind: "entry" }): Promise<boolean> {
    const { guard, layout, seal, localCache } = this.#options;
    let entry = await localCache.get(upload.key);
    if (entry === null) {
      await localCache.flush();
      entry = await localCache.get(upload.key);
    }
    if (entry === null || digestText(canonicalJson(entry)) !== upload.digest) return false;
    for (const digest of blobsOf(entry)) if (!(await this.#sendBlob(digest, null))) return false;
    const key = layout.cacheEntry(upload.key);
    const bytes = seal.seal("cache-entry", key, entry);
    return wasDone(await guard.insist("write", (store, signal) => store.put(key, bytes, { signal })));
  }

  #sendBlob(digest: string, path: string | null): Promise<boolean> {
    if (this.#sent.has(digest)) return Promise.resolve(true);
    const underWay = this.#underWay.get(digest);
    if (underWay !== undefined) return underWay;
    const sending = this.#sendBlobNow(digest, path).finally(() => this.#underWay.delete(digest));
    this.#underWay.set(digest, sending);
    return sending;
  }

  async #sendBlobNow(digest: string, path: string | null): Promise<boolean> {
    const source = path ?? (await this.#options.localBlobs.localPath(digest));
    if (source === null) return false;
    const { size } = await stat(source);
    if (size < HUGE_BYTES) return this.#sendFile(digest, source, size);
    const mine = this.#huge.then(() => this.#sendFile(digest, source, size));
    this.#huge = mine.catch(() => undefined);
    return mine;
  }

  async #sendFile(digest: string, source: string, sizeBytes: number): Promise<boolean> {
    const { guard, layout } = this.#options;
    const key = layout.blob(digest);
    let isReplaced = this.#damaged.has(digest);
    if (!isReplaced && sizeBytes >= LARGE_BYTES) {
      const there = await guard.insist("write", (store, signal) => store.size(key, { signal }));
      if (there.kind !== "got") return false;
      if (there.value === sizeBytes) return this.#note(digest);
      // Another length under this digest was cut off.
      isReplaced = there.value !== null;
    }
    const condition = isReplaced ? {} : { ifAbsent: true as const };
    const answer = await guard.insist("write", (store, signal) => store.putFile(key, source, { signal, ...condition }));
    return wasDone(answer) && this.#note(digest);
  }

  #note(digest: string): true {
    this.#damaged.delete(digest);
    this.#sent.add(digest);
    return true;
  }
}

/** A conflict says that the same content is there already. */
function wasDone(answer: Answer<unknown>): boolean {
  return answer.kind === "got";
}
