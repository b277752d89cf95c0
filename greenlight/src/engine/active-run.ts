import type { PlannedStep } from "../pipeline/plan.ts";
import type { EngineContext } from "./engine-context.ts";
import type { RunResumed } from "./event.ts";
import type { FinishedStep } from "./finished-step.ts";
import type { Journal } from "./journal.ts";
import type { StampBook } from "./manifests/stamp-book.ts";
import type { StepView } from "./run-view.ts";

/** What the steps of one run share while it goes on. */
export interface ActiveRun {
  readonly runId: string;
  readonly context: EngineContext;
  readonly journal: Journal;
  readonly finished: Map<string, FinishedStep>;
  /** What became of the steps before this engine took over; empty for a new run. */
  readonly earlier: ReadonlyMap<string, StepView>;
  readonly mode: RunResumed["mode"] | "new";
  /** Steps that have to run although their results hold. */
  readonly again: ReadonlySet<string>;
  /** The steps of this part; null: all. */
  readonly only: ReadonlySet<string> | null;
  /** True: a later step compares what was checked with what is there then. Manifests of ten thousand steps weigh much. */
  readonly keepsManifests: boolean;
  readonly stamps: StampBook;
}

/** One step on its way, with the signal that ends it. */
export interface StepCall {
  readonly run: ActiveRun;
  readonly step: PlannedStep;
  readonly signal: AbortSignal;
}
