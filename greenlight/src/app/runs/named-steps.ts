import { problem, ProblemError } from "../../base/problem.ts";
import type { RunStarted } from "../../engine/event.ts";
import type { RunView, StepView } from "../../engine/run-view.ts";

/** What of a run tells its steps: its view, or its first event. */
type KnownSteps = Pick<RunStarted, "stages" | "finally" | "dropped">;

/**
 * The names of the run's steps that are meant: all when none is named, a matrix by its own name as all its combinations. Throws
 * STEP_UNKNOWN, for a step that fell away with the reason.
 */
export function namedSteps(run: KnownSteps & { readonly runId: string }, name: string | undefined): readonly string[] {
  const names = [...run.stages.flatMap((stage) => stage.steps), ...run.finally].map((step) => step.name);
  const meant = name === undefined ? names : names.filter((each) => each === name || each.startsWith(`${name} (`));
  if (meant.length > 0) return meant;
  const why = run.dropped.find(({ step }) => step === name)?.why;
  const message = why === undefined ? `run ${run.runId} has no such step` : `it fell away in run ${run.runId}: ${why}`;
  const remedy = why === undefined ? undefined : "look at a run in which it took part; `greenlight status` lists them";
  throw new ProblemError([
    problem("STEP_UNKNOWN", { place: name ?? run.runId, message, ...(remedy === undefined ? {} : { remedy }) }),
  ]);
}

/** The steps of a view that are meant; see `namedSteps`. */
export function stepsOfView(view: RunView, name: string | undefined): readonly StepView[] {
  const names = new Set(namedSteps({ runId: view.id, stages: view.stages, finally: [], dropped: view.dropped }, name));
  return view.stages.flatMap((stage) => stage.steps.filter((step) => names.has(step.name)));
}
