import { digestText } from "../../base/file-digest.ts";
import { canonicalJson } from "../../base/json.ts";
import type { BlobStore, CacheEntry, CacheStore } from "../../engine/blob-store.ts";
import type { BlobSender } from "./blob-sender.ts";
import { blobsOf } from "./entry-schema.ts";
import { InlineGatherer } from "./inline-blobs.ts";
import type { Seal } from "./seal.ts";
import type { StoreGuard } from "./store-guard.ts";
import type { StoreLayout } from "./store-layout.ts";

type Upload =
  | { readonly kind: "blob"; readonly digest: string; readonly path: string | null }
  /** `digest` of the entry as this run made it: another engine may since have written the local cache. */
  | { readonly kind: "entry"; readonly key: string; readonly digest: string };

const AT_ONCE = 4;
const BLOBS_AT_ONCE = 4;
/** Waiting uploads are names only, about 300 bytes each. What does not fit stays on this machine. */
const CAPACITY = 50_000;

export interface UploadOptions {
  readonly guard: StoreGuard;
  readonly layout: StoreLayout;
  readonly seal: Seal;
  readonly sender: BlobSender;
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
  /** Key → the entry on its way; gone when it was sent or given up. */
  readonly #entries = new Map<string, PromiseWithResolvers<void>>();
  /** Blobs of which no entry has spoken yet. */
  readonly #loose = new Set<string>();
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

  /** A blob that is kept: its entry will mostly take it along. */
  noteBlob(digest: string): void {
    if (this.#options.isWriter && this.#loose.size < CAPACITY) this.#loose.add(digest);
  }

  /** `path`: where it lies when it is not among the local blobs. */
  addBlob(digest: string, path: string | null): void {
    this.#add({ kind: "blob", digest, path });
  }

  addEntry(key: string, entry: CacheEntry): void {
    if (!this.#options.isWriter) return;
    for (const digest of blobsOf(entry)) this.#loose.delete(digest);
    if (!this.#entries.has(key)) this.#entries.set(key, Promise.withResolvers<void>());
    const isTaken = this.#add({ kind: "entry", key, digest: digestText(canonicalJson(entry)) });
    if (!isTaken) this.#settle(key);
  }

  /** Resolves when the entry is sent or given up; at once when there is none on its way. */
  async entrySettled(key: string): Promise<void> {
    await this.#entries.get(key)?.promise;
  }

  #settle(key: string): void {
    this.#entries.get(key)?.resolve();
    this.#entries.delete(key);
  }

  /** Resolves when all that was given is sent or given up. */
  async drain(): Promise<void> {
    for (const digest of this.#loose) this.#add({ kind: "blob", digest, path: null });
    this.#loose.clear();
    if (this.pending > 0) await new Promise<void>((resolve) => this.#onIdle.push(resolve));
  }

  /** False: it is not taken in. */
  #add(upload: Upload): boolean {
    if (!this.#options.isWriter) return false;
    if (this.#options.guard.isOff("write") || this.pending >= CAPACITY) {
      this.#left += 1;
      return false;
    }
    this.#waiting.push(upload);
    if (this.#workers >= AT_ONCE) return true;
    this.#workers += 1;
    void this.#work();
    return true;
  }

  async #work(): Promise<void> {
    for (let upload = this.#take(); upload !== undefined; upload = this.#take()) {
      // A local file that can't be read is no upload; the step that needs it will tell.
      const isSent = await this.#send(upload).catch(() => false);
      if (!isSent) this.#left += 1;
      if (upload.kind === "entry") this.#settle(upload.key);
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
    const { guard, sender } = this.#options;
    if (guard.isOff("write")) return false;
    return upload.kind === "blob" ? sender.send(upload.digest, upload.path) : this.#sendEntry(upload);
  }

  async #sendEntry(upload: Upload & { readonly kind: "entry" }): Promise<boolean> {
    const { guard, layout, seal, localBlobs } = this.#options;
    const entry = await this.#readEntry(upload.key);
    if (entry === null || digestText(canonicalJson(entry)) !== upload.digest) return false;
    const inline = new InlineGatherer();
    const alone: string[] = [];
    for (const digest of blobsOf(entry)) {
      const path = await localBlobs.localPath(digest);
      if (path === null || !(await inline.add(digest, path))) alone.push(digest);
    }
    if (!(await this.#sendAll(alone))) return false;
    const key = layout.cacheEntry(upload.key);
    const bytes = seal.seal("cache-entry", key, { entry, inline: inline.blobs });
    return (await guard.insist("write", (store, signal) => store.put(key, bytes, { signal }))).kind === "got";
  }

  /** A local cache may write a moment later than it is told to. */
  async #readEntry(key: string): Promise<CacheEntry | null> {
    const { localCache } = this.#options;
    const entry = await localCache.get(key);
    if (entry !== null) return entry;
    await localCache.flush();
    return localCache.get(key);
  }

  async #sendAll(digests: readonly string[]): Promise<boolean> {
    const queue = digests.values();
    let isComplete = true;
    const sendNext = async (): Promise<void> => {
      for (const digest of queue) {
        if (!isComplete) return;
        if (!(await this.#options.sender.send(digest, null))) isComplete = false;
      }
    };
    await Promise.all(Array.from({ length: Math.min(BLOBS_AT_ONCE, digests.length) }, sendNext));
    return isComplete;
  }
}
