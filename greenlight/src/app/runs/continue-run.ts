import { problem, ProblemError } from "../../base/problem.ts";
import type { RunView } from "../../engine/run-view.ts";
import type { Blueprint } from "../../pipeline/blueprint.ts";
import { makePlan } from "../../pipeline/make-plan.ts";
import type { Plan, PlannedStep, RunTrigger } from "../../pipeline/plan.ts";
import type { Composition } from "../composition.ts";
import { readTrigger } from "../read-checkout.ts";
import { executePlan, type PlanExecution } from "./execute-plan.ts";
import { findRun, type FetchRun, type FoundRun, type RunState } from "./find-run.ts";

export interface ContinueRequest extends Pick<
  PlanExecution,
  "place" | "approver" | "signal" | "concurrency" | "onEvent" | "onWait" | "onNotice"
> {
  readonly blueprint: Blueprint;
  /** `resume` goes on where it stopped, with attempts and deadlines as they are; `retry` gives fresh ones to what did not pass. */
  readonly mode: "resume" | "retry";
  /** An id or the beginning of one; undefined: the newest run that can go on so. */
  readonly run: string | undefined;
  /** Steps that a retry runs again although their results hold. What needs them follows when they put out something new. */
  readonly steps: readonly string[];
  readonly by: string;
  /** Reads what other machines recorded; left out: only what this project's folder knows counts. */
  readonly fetchRun?: FetchRun | undefined;
}

/**
 * Lets a run go on, planned anew from the definition as it is now: steps whose manifests still hold keep their results. Throws
 * RUN_UNKNOWN, RUN_AMBIGUOUS, RUN_IN_PROGRESS while its engine lives, RUN_ENDED when nothing of it is left to do, and
 * STEP_UNKNOWN for a step that the definition does not have.
 */
export async function continueRun(composition: Composition, request: ContinueRequest): Promise<RunView> {
  const { place, blueprint, mode, by } = request;
  const found = await find(composition, request);
  const { view, events } = found;
  refuse(found, request);
  const trigger = await triggerNow(view.trigger, place.folder);
  const { pipeline, selection } = view;
  const planned = makePlan(blueprint, { pipeline, selection, trigger });
  if (!planned.ok) throw new ProblemError(planned.error);
  const plan = planned.value;
  const again = stepsAgain(plan, request.steps);
  const why = whyNow(found, { plan, steps: request.steps });
  return executePlan(composition, {
    ...request,
    plan,
    runId: view.id,
    selection,
    earlier: events,
    resume: { mode, by, why, again },
  });
}

async function find(composition: Composition, request: ContinueRequest): Promise<FoundRun> {
  const { mode, steps, run: named, fetchRun } = request;
  const runs = await composition.openRuns(request.place.stateFolder);
  try {
    return await findRun(runs, {
      named,
      fetchRun,
      suits: (state) => (mode === "resume" ? RESUMABLE.has(state) : steps.length > 0 || !PASSED.has(state)),
      nothingSuits: mode === "resume" ? "no run was interrupted, cancelled or waits" : "every run has passed",
    });
  } finally {
    await runs.close();
  }
}

/** A person who pressed Ctrl-C may want to go on later, so a cancelled run can, too. */
const RESUMABLE: ReadonlySet<RunState> = new Set(["interrupted", "waiting", "cancelled"]);
const PASSED: ReadonlySet<RunState> = new Set(["passed", "skipped"]);

function refuse({ view, state }: FoundRun, { mode, steps }: ContinueRequest): void {
  if (state === "running") {
    const message = `its engine (process ${view.engine.pid}) is at it`;
    const remedy = `watch it: greenlight status; or cancel it: greenlight cancel ${view.id}`;
    throw new ProblemError([problem("RUN_IN_PROGRESS", { place: view.id, message, remedy })]);
  }
  if (mode === "resume" && !RESUMABLE.has(state) && view.pending.length === 0) {
    const message = `it has ended as ${state}, so there is nothing to resume`;
    throw new ProblemError([problem("RUN_ENDED", { place: view.id, message })]);
  }
  if (mode === "retry" && PASSED.has(state) && steps.length === 0) {
    const message = "everything in it has passed";
    const remedy = `name what to run again: greenlight retry ${view.id} --step NAME`;
    throw new ProblemError([problem("RUN_ENDED", { place: view.id, message, remedy })]);
  }
}

/** What began the run stays what it is; the checkout is what it is now. */
async function triggerNow(begun: RunTrigger, folder: string): Promise<RunTrigger> {
  const { commit, isDirty } = await readTrigger(folder, process.env);
  return { ...begun, commit, isDirty };
}

/** The named steps, a matrix as all its combinations. Throws STEP_UNKNOWN. */
export function stepsAgain(plan: Plan, names: readonly string[]): readonly string[] {
  const steps = allSteps(plan);
  const named = names.flatMap((name) => {
    const matching = steps.filter((step) => step.name === name || step.matrix?.of === name);
    if (matching.length > 0) return matching.map((step) => step.name);
    throw new ProblemError([
      problem("STEP_UNKNOWN", { place: name, message: `the definition has no such step in ${plan.pipeline}` }),
    ]);
  });
  return [...new Set(named)];
}

/** What the record says about why the run goes on and what is different now. */
function whyNow({ view, state }: FoundRun, now: { readonly plan: Plan; readonly steps: readonly string[] }): string {
  const known = new Set(allSteps(now.plan).map((step) => step.name));
  const gone = view.stages
    .flatMap((stage) => stage.steps)
    .map((step) => step.name)
    .filter((name) => !known.has(name));
  const parts = [reasonOf(state)];
  if (now.steps.length > 0) parts.push(`runs again: ${now.steps.join(", ")}`);
  if (now.plan.trigger.commit !== view.trigger.commit) {
    parts.push(`the checkout is at ${told(now.plan.trigger.commit)} now, it was at ${told(view.trigger.commit)}`);
  }
  if (gone.length > 0) parts.push(`no longer in the definition: ${gone.join(", ")}`);
  return parts.join("; ");
}

function reasonOf(state: RunState): string {
  if (state === "interrupted") return "its engine had ended in the middle";
  return state === "waiting" ? "it waited for an approval" : `it had ended as ${state}`;
}

function told(commit: string | null): string {
  return commit === null ? "no commit" : commit.slice(0, 8);
}

function allSteps(plan: Plan): readonly PlannedStep[] {
  return [...plan.stages.flatMap((stage) => stage.steps), ...plan.finally];
}
