import type { Clock } from "../base/clock.ts";
import type { BlobStore, CacheStore } from "../engine/blob-store.ts";
import type { RunStore } from "../engine/run-store.ts";
import type { StatIndex } from "../engine/stat-index.ts";

/** What the use cases need from adapters. `main.ts` fills it; everything is opened only when asked for. */
export interface Composition {
  readonly clock: Clock;
  openRuns(stateFolder: string): Promise<RunStore>;
  openIndex(stateFolder: string): Promise<StatIndex>;
  openCache(stateFolder: string): Promise<{ readonly cache: CacheStore; readonly blobs: BlobStore }>;
}
