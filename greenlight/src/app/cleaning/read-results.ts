import type { CacheEntry } from "../../engine/blob-store.ts";
import { readManifest } from "../../release/read-manifest.ts";
import { releaseId } from "../../release/release-digest.ts";
import type { EntryFacts } from "./decide-entries.ts";
import type { HeldBlobFile, Holdings } from "./holdings.ts";

/** A manifest names each file in a line or so; ten thousand make two megabytes. */
const MAX_MANIFEST_BYTES = 64 * 1024 * 1024;

export interface ResultFacts extends Omit<EntryFacts, "lastUsedAt"> {
  readonly runId: string;
  /** Milliseconds since the epoch; 0: it does not say. */
  readonly madeAt: number;
  readonly bytes: number;
  /** The release that it is; null: it is something else. */
  readonly releaseId: string | null;
}

export interface FoundResults {
  readonly sound: readonly ResultFacts[];
  /** Keys of those that count as none. */
  readonly torn: readonly { readonly key: string; readonly bytes: number }[];
}

/** The entries of the cache, and which releases are among them. */
export function readResults(holdings: Holdings): FoundResults {
  const sound: ResultFacts[] = [];
  const torn: { key: string; bytes: number }[] = [];
  const bundled: { entry: CacheEntry; at: number }[] = [];
  for (const { key, entry, bytes } of holdings.work.entries()) {
    if (entry === null) {
      torn.push({ key, bytes });
      continue;
    }
    const { step, runId, keptAtMs: madeAt = 0 } = entry;
    if (entry.outputs["release"] !== undefined) bundled.push({ entry, at: sound.length });
    sound.push({ key, step, runId, bytes, madeAt, blobs: blobsOf(entry), releaseId: null });
  }
  for (const { entry, at } of bundled) {
    const facts = sound[at];
    if (facts !== undefined) sound[at] = { ...facts, releaseId: bundledRelease(entry, holdings) };
  }
  return { sound, torn };
}

export interface FoundBlobs {
  /** Digest → bytes, of those that lie with the entries. */
  readonly small: ReadonlyMap<string, number>;
  readonly files: readonly HeldBlobFile[];
  sizeOf(digest: string): number;
}

export function readBlobs(holdings: Holdings): FoundBlobs {
  const small = new Map<string, number>();
  for (const { digest, bytes } of holdings.work.smallBlobs()) small.set(digest, bytes);
  const files = [...holdings.blobs.list()];
  const large = new Map(files.flatMap((each) => (each.kind === "blob" ? [[each.digest, each.bytes] as const] : [])));
  return { small, files, sizeOf: (digest) => (small.get(digest) ?? 0) + (large.get(digest) ?? 0) };
}

function blobsOf({ outputs, references, logDigest }: CacheEntry): readonly string[] {
  const own = Object.values(outputs).flatMap((files) => files.map(({ digest }) => digest));
  return [...own, ...references, ...(logDigest === null ? [] : [logDigest])];
}

function bundledRelease({ outputs }: CacheEntry, { work, blobs }: Holdings): string | null {
  const digest = outputs["release"]?.[0]?.digest;
  if (digest === undefined) return null;
  const bytes = work.readSmallBlob(digest) ?? blobs.read(digest, MAX_MANIFEST_BYTES);
  if (bytes === null) return null;
  const read = readManifest(Buffer.from(bytes).toString("utf8"), digest);
  return read.ok ? releaseId(read.value) : null;
}
