import type { PlannedStep } from "../../pipeline/plan.ts";
import type { ActiveRun } from "../active-run.ts";
import type { StepResult } from "./step-result.ts";

/** Alias → result of what the step needs. A need that never came (allowed only for steps that run after anything) is left out. */
export function needsOf(run: ActiveRun, step: PlannedStep): Readonly<Record<string, StepResult>> {
  // Without a prototype: keys that no other object has are cheap then.
  const needs = Object.create(null) as Record<string, StepResult>;
  for (const [alias, name] of Object.entries(step.needs)) {
    const result = run.finished.get(name);
    if (result !== undefined) needs[alias] = result;
  }
  return needs;
}
