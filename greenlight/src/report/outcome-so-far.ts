import { isSuccess, type Outcome, worstOutcome } from "../engine/outcome.ts";
import type { RunView, StepView } from "../engine/run-view.ts";
import { momentOf } from "./text/moment.ts";

/**
 * The outcome of a run, also of one that still writes its report: then it is the worst of the steps that have ended.
 * "running" only while nothing has gone wrong and a step of a stage (not of `finally`) has yet to end.
 */
export function outcomeSoFar(view: RunView): Outcome | "running" {
  if (view.outcome !== "running") return view.outcome;
  const worst = worstOutcome(endedSteps(view).map((step) => step.outcome));
  const isUnfinished = view.stages.some(
    (stage) => stage.name !== "finally" && stage.steps.some((step) => !hasEnded(step)),
  );
  return isUnfinished && isSuccess(worst) ? "running" : worst;
}

/** Milliseconds; for a run that goes on, up to the last thing that it has recorded. */
export function durationSoFarMs(view: RunView): number {
  if (view.durationMs !== null) return view.durationMs;
  const start = momentOf(view.startedAt);
  if (start === undefined) return 0;
  const moments = allSteps(view).flatMap((step) => [
    momentOf(step.endedAt) ?? start,
    momentOf(step.startedAt) ?? start,
  ]);
  return Math.max(0, ...moments.map((moment) => moment - start));
}

/** All steps of the run in the order of its stages. */
export function allSteps(view: RunView): readonly StepView[] {
  return view.stages.flatMap((stage) => stage.steps);
}

type EndedStep = StepView & { readonly outcome: Outcome };

function endedSteps(view: RunView): readonly EndedStep[] {
  return allSteps(view).filter(hasEnded);
}

function hasEnded(step: StepView): step is EndedStep {
  return step.outcome !== "pending" && step.outcome !== "running";
}
