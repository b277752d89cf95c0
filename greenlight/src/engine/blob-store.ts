/** Port: immutable bytes by their SHA-256. All methods are idempotent and safe with other writers. */
export interface BlobStore {
  has(digest: string): Promise<boolean>;
  /** A local file that holds the blob, not to be changed; null when the store does not have it. */
  localPath(digest: string): Promise<string | null>;
  /** Reads the blob whole: true when it is sound; a damaged one is removed, so that it is built again. */
  verify(digest: string): Promise<boolean>;
  /** Copies a file in. Rejects with a Problem when what was copied does not have this digest. */
  putFile(path: string, digest: string): Promise<void>;
  /** Keeps bytes whose digest the caller has just computed. */
  putBytes(bytes: Uint8Array, digest: string): Promise<void>;
  /**
   * Writes the blob to `target`, whole or not at all, and verifies it on the way. False when the blob is absent
   * or damaged; a damaged blob is removed, so that it is built again.
   */
  copyTo(digest: string, target: string, options: { readonly isExecutable: boolean }): Promise<boolean>;
}

/** What a passed task left behind, by the digest of its manifest. */
export interface CacheEntry {
  readonly schema: 1;
  readonly runId: string;
  readonly step: string;
  readonly durationMs: number;
  /** Output name → the files that it held. */
  readonly outputs: Readonly<Record<string, readonly CachedFile[]>>;
  /** Further blobs that the outputs speak of; all must exist for the entry to hold. */
  readonly references: readonly string[];
  /** Blob of the step's log; null when it wrote nothing. */
  readonly logDigest: string | null;
  /** When it was kept, in milliseconds since the epoch; entries of earlier versions do not say. */
  readonly keptAtMs?: number;
}

export interface CachedFile {
  /** Relative to the project, with forward slashes. */
  readonly path: string;
  readonly digest: string;
  readonly isExecutable: boolean;
}

/** Port: cache entries. An unreadable entry counts as absent. */
export interface CacheStore {
  get(key: string): Promise<CacheEntry | null>;
  /**
   * Atomic; the last writer wins, and all writers of one key mean the same. May be written a moment later: `flush` says
   * when it is there. A cache that can't be written costs work, never the run.
   */
  put(key: string, entry: CacheEntry): Promise<void>;
  flush(): Promise<void>;
}
