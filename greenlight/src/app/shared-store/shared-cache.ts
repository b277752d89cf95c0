import { problem } from "../../base/problem.ts";
import type { CacheEntry, CacheStore } from "../../engine/blob-store.ts";
import { blobsOf, parseEntry } from "./entry-schema.ts";
import type { Seal } from "./seal.ts";
import type { SharedBlobs } from "./shared-blobs.ts";
import type { StoreGuard } from "./store-guard.ts";
import type { StoreLayout } from "./store-layout.ts";
import type { UploadQueue } from "./upload-queue.ts";

/** Entries hold paths, digests and small blobs; ten thousand files make about two megabytes. */
const MAX_ENTRY_BYTES = 64 * 1024 * 1024;

/**
 * The local cache, and behind it the shared one. A remote entry is believed only when a trusted run signed it for this very
 * manifest, and it counts only together with all of its blobs. Everything else is a miss: the step runs.
 */
export class SharedCache implements CacheStore {
  readonly #local: CacheStore;
  readonly #blobs: SharedBlobs;
  readonly #guard: StoreGuard;
  readonly #layout: StoreLayout;
  readonly #seal: Seal;
  readonly #uploads: UploadQueue;

  constructor(options: {
    readonly local: CacheStore;
    readonly blobs: SharedBlobs;
    readonly guard: StoreGuard;
    readonly layout: StoreLayout;
    readonly seal: Seal;
    readonly uploads: UploadQueue;
  }) {
    this.#local = options.local;
    this.#blobs = options.blobs;
    this.#guard = options.guard;
    this.#layout = options.layout;
    this.#seal = options.seal;
    this.#uploads = options.uploads;
  }

  async get(key: string): Promise<CacheEntry | null> {
    const local = await this.#local.get(key);
    if (local !== null || this.#guard.isOff("read")) return local;
    const entry = await this.#fetch(key);
    if (entry === null) return null;
    await this.#local.put(key, entry);
    return entry;
  }

  async put(key: string, entry: CacheEntry): Promise<void> {
    await this.#local.put(key, entry);
    this.#uploads.addEntry(key, entry);
  }

  async flush(): Promise<void> {
    await this.#local.flush();
  }

  async #fetch(manifestDigest: string): Promise<CacheEntry | null> {
    const key = this.#layout.cacheEntry(manifestDigest);
    const answer = await this.#guard.read((store, signal) => store.get(key, { signal, maxBytes: MAX_ENTRY_BYTES }));
    if (answer.kind === "refused") return this.#refuse(key, answer.problem.message);
    if (answer.kind !== "got" || answer.value === null) return null;
    const opened = this.#seal.open("cache-entry", key, answer.value.bytes);
    if (!opened.ok) return this.#refuse(key, opened.error);
    const parsed = parseEntry(opened.value);
    if (parsed === null) return this.#refuse(key, "it is of another version");
    if (!(await this.#blobs.keepInline(parsed.inline))) return this.#refuse(key, "a blob in it has another digest");
    return (await this.#blobs.bring(blobsOf(parsed.entry))) ? parsed.entry : null;
  }

  #refuse(key: string, message: string): null {
    this.#guard.warn(problem("STORE_ENTRY_REFUSED", { place: key, message: `${message}; it was not used` }));
    return null;
  }
}
