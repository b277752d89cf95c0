import { readFile, stat } from "node:fs/promises";

import { digestBytes } from "../../base/file-digest.ts";
import type { BlobStore } from "../../engine/blob-store.ts";

/** Blobs that travel inside the signed object which speaks of them, as base64 by digest: a small step then costs one request, not four. */
export type InlineBlobs = Readonly<Record<string, string>>;

const MAX_FILE_BYTES = 16 * 1024;
/** Of one object, before it is encoded. */
const MAX_TOTAL_BYTES = 192 * 1024;

/** Gathers those of the blobs that are small enough, in the given order, until the object is full. */
export class InlineGatherer {
  readonly blobs: Record<string, string> = {};
  #totalBytes = 0;

  /** True when the blob is in the object now. False: too large, no room left, or the file does not hold this blob. */
  async add(digest: string, path: string): Promise<boolean> {
    if (Object.hasOwn(this.blobs, digest)) return true;
    const size = await stat(path).then(
      (stats) => stats.size,
      () => Number.POSITIVE_INFINITY,
    );
    if (size > Math.min(MAX_FILE_BYTES, MAX_TOTAL_BYTES - this.#totalBytes)) return false;
    const bytes = await readFile(path);
    if (digestBytes(bytes) !== digest) return false;
    this.#totalBytes += bytes.length;
    this.blobs[digest] = bytes.toString("base64");
    return true;
  }
}

/** Puts the blobs among the local ones; false when one does not have its digest, so that none is to be believed. */
export async function keepInline(inline: InlineBlobs, local: BlobStore): Promise<boolean> {
  const decoded = Object.entries(inline).map(([digest, text]) => ({ digest, bytes: Buffer.from(text, "base64") }));
  if (decoded.some(({ digest, bytes }) => digestBytes(bytes) !== digest)) return false;
  for (const { digest, bytes } of decoded) await local.putBytes(bytes, digest);
  return true;
}
