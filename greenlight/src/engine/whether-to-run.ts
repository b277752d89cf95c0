import { problem, type Problem } from "../base/problem.ts";
import type { PlannedStep } from "../pipeline/plan.ts";
import type { ActiveRun } from "./active-run.ts";
import { isSuccess, type Outcome } from "./outcome.ts";

/** Why a step does not run, and how it counts then. */
export interface NotRun {
  readonly outcome: "skipped" | "cancelled";
  readonly why: string;
  readonly problems: readonly Problem[];
}

/** Null: it runs. `stopped` says which earlier stage did not pass. */
export function whyNotRun(run: ActiveRun, step: PlannedStep, stopped: string | null): NotRun | null {
  if (run.context.signal.aborted) return { outcome: "cancelled", why: "cancelled before it started", problems: [] };
  if (step.skip !== null) {
    const found = problem("MATRIX_EMPTY", { place: step.name, message: step.skip });
    return { outcome: "skipped", why: step.skip, problems: [found] };
  }
  const isLast = run.context.plan.finally.includes(step);
  if (step.after === "always" || (isLast && step.after === "success")) return null;
  const failure = stopped ?? whatFailed(run, step);
  if (step.after === "failure") {
    return failure === null ? { outcome: "skipped", why: "nothing failed before it", problems: [] } : null;
  }
  if (failure !== null) return { outcome: "skipped", why: failure, problems: [] };
  const absent = Object.values(step.needs).find((need) => !isSuccess(run.finished.get(need)?.outcome ?? "skipped"));
  return absent === undefined
    ? null
    : { outcome: "skipped", why: `it needs "${absent}", which ${endOf(run, absent)}`, problems: [] };
}

/** True when the step's end keeps later stages from starting. A step that was not to run here keeps nothing. */
export function stopsRun(run: ActiveRun, step: PlannedStep): boolean {
  const finished = run.finished.get(step.name);
  if (finished !== undefined) {
    return finished.outcome === "skipped" ? finished.problems.length > 0 : !isSuccess(finished.outcome);
  }
  return run.only === null || run.only.has(step.name);
}

function whatFailed(run: ActiveRun, step: PlannedStep): string | null {
  for (const need of Object.values(step.needs)) {
    const outcome = run.finished.get(need)?.outcome;
    if (outcome !== undefined && isFailure(outcome)) return `it needs "${need}", which ${endOf(run, need)}`;
  }
  return null;
}

function isFailure(outcome: Outcome): boolean {
  return outcome === "failed" || outcome === "errored" || outcome === "cancelled" || outcome === "waiting";
}

function endOf(run: ActiveRun, name: string): string {
  const outcome = run.finished.get(name)?.outcome;
  return outcome === undefined ? "is not finished in this part of the run" : `ended as ${outcome}`;
}
