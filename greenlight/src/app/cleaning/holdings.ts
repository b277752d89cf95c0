import type { CacheEntry } from "../../engine/blob-store.ts";

/**
 * Port: what a project's state folder holds, to be looked through and thinned out. Each removal is whole or not at all, also
 * when the process is killed; what is not there any more is no problem. Only who holds the project removes anything.
 */
export interface Holdings {
  readonly runs: RunHoldings;
  readonly work: WorkHoldings;
  readonly blobs: BlobHoldings;
  close(): void;
}

export interface RunHoldings {
  /** Newest success of each step of each pipeline. */
  lastSuccesses(): readonly HeldSuccess[];
  /** How the steps of a run ended, as far as it refers to what is kept elsewhere. */
  stepEnds(runId: string): readonly HeldStepEnd[];
  /** Run → bytes of its record. */
  sizes(): ReadonlyMap<string, number>;
  /** Removes records of runs, and notes when, for whoever asks for one of them. */
  remove(runIds: readonly string[], at: string): void;
  /** Removes manifests and stamps that no run speaks of any more. */
  removeOrphans(): void;
  /** Gives free pages back to the file system when they are a good part of the file. Another process that is at it keeps it from that. */
  compact(): void;
}

export interface HeldSuccess {
  readonly pipeline: string;
  readonly step: string;
  readonly runId: string;
  readonly manifestDigest: string | null;
}

export interface HeldStepEnd {
  readonly manifestDigest: string | null;
  readonly logDigest: string | null;
  /** Milliseconds since the epoch. */
  readonly endedAt: number;
}

export interface WorkHoldings {
  entries(): Iterable<HeldEntry>;
  smallBlobs(): Iterable<{ readonly digest: string; readonly bytes: number }>;
  readSmallBlob(digest: string): Uint8Array | null;
  removeEntries(keys: readonly string[]): void;
  removeSmallBlobs(digests: readonly string[]): void;
  /** As that of the runs. */
  compact(): void;
}

export interface HeldEntry {
  /** The manifest's digest. */
  readonly key: string;
  /** Null: torn or altered, so that it counts as none. */
  readonly entry: CacheEntry | null;
  readonly bytes: number;
}

export interface BlobHoldings {
  /** What lies in the folder. Links are never followed; folders in between that are links count as strangers. */
  list(): Iterable<HeldBlobFile>;
  /** Null: not there, or larger than `limit` bytes. */
  read(digest: string, limit: number): Uint8Array | null;
  remove(path: string): void;
}

export interface HeldBlobFile {
  /** `temporary`: what a process that was killed left. `stranger`: nobody of ours wrote it. */
  readonly kind: "blob" | "temporary" | "stranger";
  readonly path: string;
  /** Empty unless it is a blob. */
  readonly digest: string;
  readonly bytes: number;
  /** Milliseconds since the epoch. */
  readonly modifiedAt: number;
}
