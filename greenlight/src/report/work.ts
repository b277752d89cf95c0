import type { StepView } from "../engine/run-view.ts";
import { formatDuration, formatPlural } from "./text/format.ts";

/** How the steps of a run came to their end. */
export interface Work {
  readonly ranCount: number;
  readonly cachedCount: number;
  readonly alreadyCount: number;
  readonly skippedCount: number;
  /** Ended, or kept from starting, by a cancel. */
  readonly cancelledCount: number;
  /** Pending or running. */
  readonly openCount: number;
  readonly savedMs: number;
}

export function countWork(steps: readonly StepView[]): Work {
  const count = (isCounted: (step: StepView) => boolean): number => steps.filter(isCounted).length;
  return {
    ranCount: count((step) => hasRun(step) && !step.isFromCache && !step.isAlready),
    cachedCount: count((step) => step.isFromCache),
    alreadyCount: count((step) => step.isAlready && !step.isFromCache),
    skippedCount: count((step) => step.outcome === "skipped"),
    cancelledCount: count((step) => step.outcome === "cancelled"),
    openCount: count(isOpen),
    savedMs: steps.reduce((sum, step) => sum + step.savedMs, 0),
  };
}

/** "9 steps ran, 6 from cache, 2 already so; the cache saved 38.0 s". */
export function workInWords(work: Work): string {
  const parts = [
    `${formatPlural(work.ranCount, "step")} ran`,
    ...(work.cachedCount > 0 ? [`${work.cachedCount} from cache`] : []),
    ...(work.alreadyCount > 0 ? [`${work.alreadyCount} already so`] : []),
    ...(work.skippedCount > 0 ? [`${work.skippedCount} skipped`] : []),
    ...(work.cancelledCount > 0 ? [`${work.cancelledCount} cancelled`] : []),
    ...(work.openCount > 0 ? [`${work.openCount} still open`] : []),
  ];
  return parts.join(", ") + (work.savedMs > 0 ? `; the cache saved ${formatDuration(work.savedMs)}` : "");
}

function isOpen(step: StepView): boolean {
  return step.outcome === "pending" || step.outcome === "running";
}

function hasRun(step: StepView): boolean {
  return !isOpen(step) && step.outcome !== "skipped" && step.outcome !== "cancelled";
}
