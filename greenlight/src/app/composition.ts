import type { Clock } from "../base/clock.ts";
import type { BlobStore, CacheStore } from "../engine/blob-store.ts";
import type { StatIndex } from "../engine/files/stat-index.ts";
import type { RunStore } from "../engine/run-store.ts";
import type { Holdings } from "./cleaning/holdings.ts";
import type { KeeperUnits } from "./environments/keeper-units.ts";

/** What `main.ts` hands to the use cases: the adapters, each opened for a project's state folder. */
export interface Composition {
  readonly clock: Clock;
  openRuns(stateFolder: string): Promise<RunStore>;
  /** `isLooking`: what can't be written is only read, and is empty where there is nothing. */
  openWork(stateFolder: string, how?: { readonly isLooking?: boolean }): Promise<WorkStores>;
  /** What lies in the state folder, for `clean`. */
  openHoldings(stateFolder: string): Promise<Holdings>;
  /** What makes the system start keepers again. */
  keeperUnits(): Promise<KeeperUnits>;
}

/** What saves work. Closing the index closes all of it. */
export interface WorkStores {
  readonly index: StatIndex;
  readonly cache: CacheStore;
  readonly blobs: BlobStore;
}
