import { problem, type Problem } from "../base/problem.ts";
import { checkMatrix } from "./check-matrix.ts";
import { checkPaths } from "./check-paths.ts";
import { checkVariables } from "./check-variables.ts";
import type { Combination } from "./combinations.ts";
import type { ProjectDefinition, StepDefinition } from "./definition.ts";
import { describeStep } from "./describe-step.ts";
import { isLabel, isStep, placeOf } from "./step-form.ts";

export interface CheckedStep {
  /** Null when it is too broken to be placed in a graph. Never part of a blueprint when there are problems. */
  readonly step: StepDefinition | null;
  /** Of its matrix; empty without one. */
  readonly combinations: readonly Combination[];
  readonly problems: readonly Problem[];
}

/** Checks one entry of a stage by itself. */
export function checkStep(entry: unknown, stage: string, project: ProjectDefinition): CheckedStep {
  const { step, problems: formal } = isStep(entry) ? { step: entry, problems: NONE } : describeStep(entry, stage);
  if (step === null) return { step, combinations: [], problems: formal };
  const place = placeOf(stage, step.name);
  const { combinations, problems } = checkMatrix(step, place);
  return {
    step,
    combinations,
    problems: formal.concat(
      checkName(step, place),
      step.matrix === null ? checkPaths(step, place) : NONE,
      checkVariables(step, place, project.secrets),
      checkRetry(step, place),
      problems,
      checkEnvironment(step, place, project),
    ),
  };
}

const NONE: readonly Problem[] = [];

function checkName(step: StepDefinition, place: string): Problem[] {
  if (isLabel(step.name) && step.name.trim() === step.name) return [];
  return [
    problem("STEP_NAME_INVALID", { place, message: "the name is empty, too long, padded or holds control characters" }),
  ];
}

function checkRetry({ retry, timeoutMs }: StepDefinition, place: string): Problem[] {
  if (retry === null) return [];
  const problems: Problem[] = [];
  if (retry.maxDelayMs < retry.delayMs) {
    problems.push(
      problem("RETRY_INVALID", {
        place: `${place}.retry`,
        message: `maxDelayMs (${retry.maxDelayMs}) is less than delayMs (${retry.delayMs})`,
      }),
    );
  }
  if (retry.attemptTimeoutMs !== null && retry.attemptTimeoutMs > timeoutMs) {
    problems.push(
      problem("RETRY_INVALID", {
        place: `${place}.retry`,
        message: `one attempt may take longer (${retry.attemptTimeoutMs} ms) than all together (timeoutMs, ${timeoutMs} ms)`,
      }),
    );
  }
  return problems;
}

function checkEnvironment(step: StepDefinition, place: string, project: ProjectDefinition): Problem[] {
  if (step.environment === null || Object.hasOwn(project.environments, step.environment)) return [];
  const known = Object.keys(project.environments).join(", ") || "none";
  return [
    problem("ENVIRONMENT_UNKNOWN", {
      place,
      message: `there is no environment "${step.environment}"; known: ${known}`,
    }),
  ];
}
