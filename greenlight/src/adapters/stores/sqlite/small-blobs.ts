import { digestBytes } from "../../../base/file-digest.ts";
import { placeFile } from "../../../base/place-file.ts";
import type { BlobStore } from "../../../engine/blob-store.ts";

/** Up to this size bytes lie with the entries that speak of them: making a file costs more than what is in it. */
const SMALL_BYTES = 8 * 1024;

/** Where small blobs lie; `get` tells what is there, sound or not. */
export interface ByteTable {
  get(digest: string): Uint8Array | null;
  put(digest: string, bytes: Uint8Array): void;
  delete(digest: string): void;
}

/** Small blobs in a table, the others in another store. */
export class SmallBlobs implements BlobStore {
  readonly #table: ByteTable;
  readonly #others: BlobStore;

  constructor(table: ByteTable, others: BlobStore) {
    this.#table = table;
    this.#others = others;
  }

  async has(digest: string): Promise<boolean> {
    return this.#table.get(digest) !== null || this.#others.has(digest);
  }

  /** Whoever wants a file gets one. */
  async localPath(digest: string): Promise<string | null> {
    const bytes = this.#sound(digest);
    if (bytes !== null) await this.#others.putBytes(bytes, digest);
    return this.#others.localPath(digest);
  }

  async verify(digest: string): Promise<boolean> {
    return this.#sound(digest) !== null || this.#others.verify(digest);
  }

  async putFile(path: string, digest: string): Promise<void> {
    return this.#others.putFile(path, digest);
  }

  async putBytes(bytes: Uint8Array, digest: string): Promise<void> {
    if (bytes.length > SMALL_BYTES) return this.#others.putBytes(bytes, digest);
    this.#table.put(digest, bytes);
  }

  async copyTo(digest: string, target: string, options: { readonly isExecutable: boolean }): Promise<boolean> {
    const bytes = this.#sound(digest);
    if (bytes === null) return this.#others.copyTo(digest, target, options);
    placeFile(bytes, target, options.isExecutable ? 0o755 : 0o644);
    return true;
  }

  /** A damaged one is removed, so that it is built again. */
  #sound(digest: string): Uint8Array | null {
    const bytes = this.#table.get(digest);
    if (bytes === null || digestBytes(bytes) === digest) return bytes;
    this.#table.delete(digest);
    return null;
  }
}
