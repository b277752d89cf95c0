import type { Problem } from "../base/problem.ts";
import type { PlannedStep } from "../pipeline/plan.ts";
import type { StepResult } from "./steps/step-result.ts";

/** A step that came to its end in this run, with what later steps and the run's outcome need of it. */
export interface FinishedStep extends StepResult {
  readonly why: string;
  readonly problems: readonly Problem[];
  readonly isAllowedFailure: boolean;
  readonly blueprint: PlannedStep;
}
