import type { Clock } from "../base/clock.ts";
import type { Plan } from "../pipeline/plan.ts";
import type { Approver } from "./approval.ts";
import type { BlobStore, CacheStore } from "./blob-store.ts";
import type { RunStore } from "./run-store.ts";
import type { StatIndex } from "./stat-index.ts";

/** Everything a run needs from outside; the composition root fills it. */
export interface EngineContext {
  readonly plan: Plan;
  /** Absolute. */
  readonly projectFolder: string;
  /** The folder inside which inputs may lie: the checkout, or the project's folder where there is none. */
  readonly repositoryFolder: string;
  readonly stateFolder: string;
  readonly runs: RunStore;
  readonly cache: CacheStore;
  readonly blobs: BlobStore;
  readonly index: StatIndex;
  readonly clock: Clock;
  readonly approver: Approver;
  readonly environmentVariables: Readonly<Record<string, string | undefined>>;
  /** How many steps may run at once. */
  readonly concurrency: number;
  /** Milliseconds a cancelled step may take between TERM and KILL. */
  readonly graceMs: number;
  /** Cancels the run. */
  readonly signal: AbortSignal;
}
