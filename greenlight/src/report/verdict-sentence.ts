import type { RunView, StepView } from "../engine/run-view.ts";
import type { DeploymentEvidence } from "../evidence/evidence.ts";
import { liveRelease } from "./live-release.ts";
import { allSteps, durationSoFarMs, outcomeSoFar } from "./outcome-so-far.ts";
import { proofsOf } from "./proof.ts";
import { formatDuration, formatPlural } from "./text/format.ts";
import { countWork } from "./work.ts";

/** What happened, in one sentence without a full stop, true of exactly what the events say. */
export function verdictSentence(view: RunView): string {
  return `${sayWork(view)}; ${sayLive(view)}`;
}

/** The last word on each environment of this run, in the order in which they were deployed to. */
export function deploymentsByEnvironment(view: RunView): readonly DeploymentEvidence[] {
  return [...new Map(proofsOf(view, "deployment").map(({ evidence }) => [evidence.environment, evidence])).values()];
}

function sayWork(view: RunView): string {
  const steps = allSteps(view);
  const work = countWork(steps);
  const ended = steps.length - work.openCount;
  const time = formatDuration(durationSoFarMs(view));
  const outcome = outcomeSoFar(view);
  switch (outcome) {
    case "passed":
    case "skipped":
      // Effects that always look again (health, this report) do run; nothing else did.
      if (work.cachedCount > 0 && steps.every((step) => step.kind === "effect" || step.isFromCache)) {
        return `Nothing had changed: all ${formatPlural(work.cachedCount, "task")} came from cache, in ${time}`;
      }
      return `${ended - work.skippedCount === steps.length ? "All " : ""}${formatPlural(ended - work.skippedCount, "step")} passed in ${time}`;
    case "warned":
      return `Passed with a warning from ${names(steps, "warned")} in ${time}`;
    case "failed":
    case "errored":
      return `${sayFailure(view, outcome)} after ${time}${work.skippedCount > 0 ? `, so ${formatPlural(work.skippedCount, "step was", "steps were")} skipped` : ""}`;
    case "cancelled":
      return `Cancelled after ${time}; ${formatPlural(ended - work.skippedCount - work.cancelledCount, "step")} had ended`;
    case "waiting":
      return `${names(steps, "waiting")} waits for approval`;
    case "running":
      return `${ended} of ${formatPlural(steps.length, "step")} have ended, ${time} so far`;
  }
}

function sayFailure(view: RunView, outcome: "failed" | "errored"): string {
  const stage = view.stages.find((each) => each.steps.some((step) => step.outcome === outcome));
  return `${names(allSteps(view), outcome)} ${outcome}${stage === undefined ? "" : ` in stage ${stage.name}`}`;
}

function names(steps: readonly StepView[], outcome: StepView["outcome"]): string {
  const found = steps.filter((step) => step.outcome === outcome).map((step) => `“${step.name}”`);
  if (found.length > 3) return `${found.slice(0, 2).join(", ")} and ${found.length - 2} more`;
  return found.length === 0 ? "a step" : found.join(" and ");
}

function sayLive(view: RunView): string {
  const lives = deploymentsByEnvironment(view).map((evidence) => ({
    environment: evidence.environment,
    releaseId: liveRelease(evidence).releaseId,
  }));
  const first = lives[0];
  if (first === undefined) return "nothing was deployed in this run";
  if (first.releaseId !== null && lives.every((live) => live.releaseId === first.releaseId)) {
    return `${first.releaseId} is live in ${lives.map((live) => live.environment).join(" and ")}`;
  }
  return lives.map((live) => `${live.environment} ${serves(live.releaseId)}`).join(", ");
}

function serves(releaseId: string | null): string {
  return releaseId === null ? "serves no known release" : `serves ${releaseId}`;
}
