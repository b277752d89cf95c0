import { isSuccess, worstOutcome, type Outcome } from "../../engine/outcome.ts";
import type { RunView, StepView } from "../../engine/run-view.ts";

/**
 * How a part of a run ended: the worst of its own steps, so that each job of a code host stands for what it ran. A part whose
 * steps were not run because an earlier one failed ends as the run did.
 */
export function outcomeOfPart(view: RunView, own: ReadonlySet<string>): Outcome {
  if (view.outcome === "running") return "errored";
  const steps = view.stages.flatMap((stage) => stage.steps).filter((step) => own.has(step.name));
  const outcomes = steps.map(outcomeOfStep);
  const isFailed = outcomes.some((outcome) => outcome === "failed" || outcome === "errored");
  // What a matrix cancelled because one of its combinations failed adds nothing to that failure.
  const counted =
    isFailed && view.outcome !== "cancelled" ? outcomes.filter((outcome) => outcome !== "cancelled") : outcomes;
  const worst = worstOutcome(counted);
  const isUnrun = steps.some((step) => step.outcome === "skipped" && step.problems.length === 0);
  return isSuccess(worst) && isUnrun && !isSuccess(view.outcome) ? view.outcome : worst;
}

/** A step that could not run at all proves nothing; one that is still open was left behind. */
function outcomeOfStep(step: StepView): Outcome {
  if (step.outcome === "pending" || step.outcome === "running") return "errored";
  return step.outcome === "skipped" && step.problems.length > 0 ? "failed" : step.outcome;
}
