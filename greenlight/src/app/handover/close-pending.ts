import { problem, type Problem } from "../../base/problem.ts";
import type { StepEnded } from "../../engine/event.ts";
import { isSuccess, type Outcome } from "../../engine/outcome.ts";
import type { StepView } from "../../engine/run-view.ts";
import type { Plan, PlannedStep } from "../../pipeline/plan.ts";

export interface Closing {
  /** The steps of this part; they are about to run. */
  readonly only: ReadonlySet<string>;
  /** True: this part runs what comes last, so no other part can start what is still open. */
  readonly isLast: boolean;
  /** True: the code host says that jobs were cancelled. */
  readonly isCancelled: boolean;
}

/**
 * How those steps before this part end that no part has started and none will, because something failed before them: their
 * job never was. In the last part that is every open step of the stages; one that nothing explains was cancelled, or
 * its job left nothing behind, which is never taken for a success.
 */
export function closePending(
  plan: Plan,
  earlier: ReadonlyMap<string, StepView>,
  closing: Closing,
): readonly StepEnded[] {
  const outcomes = new Map<string, Outcome>();
  for (const [name, view] of earlier) {
    if (view.outcome !== "pending" && view.outcome !== "running") outcomes.set(name, view.outcome);
  }
  const closed: StepEnded[] = [];
  let stopped: string | null = null;
  const before = stepsBefore(plan, closing);
  for (const stage of plan.stages) {
    for (const step of stage.steps) {
      if (outcomes.has(step.name) || closing.only.has(step.name) || !before.has(step.name)) continue;
      const end =
        endOf(step, { outcomes, stopped, siblings: stage.steps }) ?? (closing.isLast ? lost(step, closing) : null);
      if (end === null) continue;
      outcomes.set(step.name, end.outcome);
      closed.push(end);
    }
    if (stage.steps.some((step) => keepsOthers(outcomes.get(step.name))))
      stopped ??= `stage ${stage.name} did not pass`;
  }
  return closed;
}

/** Steps of stages before the part's last one, and what its own steps need; all of the stages for what comes last. */
function stepsBefore(plan: Plan, { only, isLast }: Closing): ReadonlySet<string> {
  const names = new Set<string>();
  const end = isLast
    ? plan.stages.length
    : plan.stages.findLastIndex((each) => each.steps.some((step) => only.has(step.name)));
  for (const [index, stage] of plan.stages.entries()) {
    if (index < end) for (const step of stage.steps) names.add(step.name);
    // Steps stand after those they need, so one way back through the stage finds all.
    for (const step of stage.steps.toReversed()) {
      if (only.has(step.name) || names.has(step.name)) for (const need of Object.values(step.needs)) names.add(need);
    }
  }
  return names;
}

function keepsOthers(outcome: Outcome | undefined): boolean {
  return outcome !== undefined && outcome !== "skipped" && !isSuccess(outcome);
}

/** Null: nothing that is known explains why it did not run. */
function endOf(
  step: PlannedStep,
  known: {
    readonly outcomes: ReadonlyMap<string, Outcome>;
    readonly stopped: string | null;
    readonly siblings: readonly PlannedStep[];
  },
): StepEnded | null {
  const { outcomes, stopped } = known;
  const needs = Object.values(step.needs);
  if (step.after === "success") {
    if (stopped !== null) return ended(step, "skipped", stopped);
    const need = needs.find((name) => keepsOthers(outcomes.get(name)) || outcomes.get(name) === "skipped");
    if (need !== undefined) return ended(step, "skipped", `it needs "${need}", which ended as ${outcomes.get(need)}`);
  }
  const rival = known.siblings.find((each) => each.matrix?.of === step.matrix?.of && isBad(outcomes.get(each.name)));
  if (step.matrix?.failFast === true && rival !== undefined) {
    return ended(step, "cancelled", `cancelled: "${rival.name}" failed, and the matrix fails fast`);
  }
  // Its job waits for all of these: when they have ended, and none failed, it is skipped.
  const hasFailed = stopped !== null || needs.some((name) => keepsOthers(outcomes.get(name)));
  const isDecided = needs.every((name) => outcomes.has(name));
  return step.after === "failure" && !hasFailed && isDecided
    ? ended(step, "skipped", "nothing failed before it")
    : null;
}

function isBad(outcome: Outcome | undefined): boolean {
  return outcome === "failed" || outcome === "errored";
}

function lost(step: PlannedStep, { isCancelled }: Closing): StepEnded {
  if (isCancelled) return ended(step, "cancelled", "cancelled before it started");
  const message = "no part of the run tells what became of it";
  return ended(step, "errored", message, [problem("HANDOVER_INCOMPLETE", { place: step.name, message })]);
}

function ended(step: PlannedStep, outcome: Outcome, why: string, problems: readonly Problem[] = []): StepEnded {
  return {
    type: "step-ended",
    step: step.name,
    outcome,
    why,
    isFromCache: false,
    isAlready: false,
    isAllowedFailure: false,
    attempts: 0,
    durationMs: 0,
    savedMs: 0,
    problems,
    evidence: [],
    manifestDigest: null,
    outputs: {},
    facts: {},
    subject: null,
    logDigest: null,
  };
}
