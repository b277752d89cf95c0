import { stat } from "node:fs/promises";

import type { BlobStore } from "../../engine/blob-store.ts";
import type { StoreGuard } from "./store-guard.ts";
import type { StoreLayout } from "./store-layout.ts";

/** From this size on it is worth asking first whether the blob is there; smaller ones are just sent. */
const LARGE_BYTES = 128 * 1024;
/** Larger ones go one after another, so that few parts are in memory. */
const HUGE_BYTES = 1024 * 1024;

/** Sends blobs to the shared store, each once. What is there already is left alone, unless it is known to be damaged. */
export class BlobSender {
  readonly #options: { readonly guard: StoreGuard; readonly layout: StoreLayout; readonly localBlobs: BlobStore };
  readonly #sent = new Set<string>();
  readonly #damaged = new Set<string>();
  readonly #underWay = new Map<string, Promise<boolean>>();
  #huge: Promise<unknown> = Promise.resolve();

  constructor(options: { readonly guard: StoreGuard; readonly layout: StoreLayout; readonly localBlobs: BlobStore }) {
    this.#options = options;
  }

  /** The remote copy is damaged: the next sending of this blob writes over it. */
  replace(digest: string): void {
    this.#damaged.add(digest);
    this.#sent.delete(digest);
  }

  /**
   * True when the store has the blob. `path`: where it lies when it is not among the local blobs. Rejects when the file
   * can't be read.
   */
  send(digest: string, path: string | null): Promise<boolean> {
    if (this.#sent.has(digest)) return Promise.resolve(true);
    const underWay = this.#underWay.get(digest);
    if (underWay !== undefined) return underWay;
    const sending = this.#sendNow(digest, path).finally(() => this.#underWay.delete(digest));
    this.#underWay.set(digest, sending);
    return sending;
  }

  async #sendNow(digest: string, path: string | null): Promise<boolean> {
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
    // A conflict says that the same content is there already.
    const put = await guard.insist("write", (store, signal) => store.putFile(key, source, { signal, ...condition }));
    return put.kind === "got" && this.#note(digest);
  }

  #note(digest: string): true {
    this.#damaged.delete(digest);
    this.#sent.add(digest);
    return true;
  }
}
