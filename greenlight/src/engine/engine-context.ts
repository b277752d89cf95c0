import type { Clock } from "../base/clock.ts";
import type { Problem } from "../base/problem.ts";
import type { Plan } from "../pipeline/plan.ts";
import type { Approver } from "./approval.ts";
import type { BlobStore, CacheStore } from "./blob-store.ts";
import type { ProjectTree } from "./files/project-tree.ts";
import type { StatIndex } from "./files/stat-index.ts";
import type { RunStore } from "./run-store.ts";
import type { Masking } from "./steps/masking.ts";

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
  readonly tree: ProjectTree;
  readonly clock: Clock;
  readonly approver: Approver;
  readonly environmentVariables: Readonly<Record<string, string | undefined>>;
  /** Name → value of the secrets that steps of the plan name. */
  readonly secrets: ReadonlyMap<string, string>;
  /** Environment → variable → value: what its service gets. Left out: none has any. */
  readonly environmentSecrets?: ReadonlyMap<string, Readonly<Record<string, string>>>;
  readonly masking: Masking;
  /** What goes wrong beside the run without spoiling it; each is recorded as long as the run goes on. */
  readonly warnings: { subscribe(tell: (problem: Problem) => void): () => void };
  /** How many steps may run at once. */
  readonly concurrency: number;
  /** Milliseconds a cancelled step may take between TERM and KILL. */
  readonly graceMs: number;
  /** Cancels the run. */
  readonly signal: AbortSignal;
  /** Who asked for the cancel and why, when it was another process. */
  readonly cancelRequest: () => { readonly by: string; readonly why: string } | null;
  /** Called before each step that may start a process, so that what is needed for that is there; left out: it is. */
  readonly beforeSteps?: () => Promise<void>;
  /** Waits until no other run of this machine holds the lock; resolves to its release. Rejects when aborted. */
  readonly lock: (name: string, signal: AbortSignal) => Promise<() => void>;
}
