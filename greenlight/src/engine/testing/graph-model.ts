import type { Outcome } from "../outcome.ts";
import type { RandomGraph, RandomStep } from "./random-graph.ts";

/** What must become of a random graph's steps when nothing interrupts the run: the rules said once more, by themselves. */
export function expectedOutcomes(graph: RandomGraph): Readonly<Record<string, Outcome>> {
  const outcomes: Record<string, Outcome> = {};
  const stages = Math.max(...graph.steps.map((step) => step.stage)) + 1;
  let isStopped = false;
  for (let stage = 0; stage < stages; stage += 1) {
    const here = graph.steps.filter((step) => step.stage === stage);
    // A step stands behind those that it needs.
    for (const step of here) outcomes[step.definition.name] = expectedOf(step, { outcomes, isStopped });
    if (here.some((step) => outcomes[step.definition.name] === "failed")) isStopped = true;
  }
  return outcomes;
}

function expectedOf(
  step: RandomStep,
  { outcomes, isStopped }: { readonly outcomes: Readonly<Record<string, Outcome>>; readonly isStopped: boolean },
): Outcome {
  const needs = new Set(step.needs.map((need) => outcomes[need]));
  const hasFailure = isStopped || needs.has("failed");
  const { after } = step.definition;
  if (after === "failure" && !hasFailure) return "skipped";
  if (after === "success" && (hasFailure || needs.has("skipped"))) return "skipped";
  return outcomeOf(step);
}

function outcomeOf({ behaviour, definition }: RandomStep): Outcome {
  const failed = definition.allowFailure ? "warned" : "failed";
  if (behaviour === "fails") return failed;
  if (behaviour === "fails-at-first") return definition.retry === null ? failed : "passed";
  return "passed";
}
