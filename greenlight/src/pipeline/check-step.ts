import type { ProblemCode } from "../base/problem-codes.ts";
import { problem, type Problem } from "../base/problem.ts";
import { checkMatrix } from "./check-matrix.ts";
import { checkPaths } from "./check-paths.ts";
import { checkVariables } from "./check-variables.ts";
import type { Combination } from "./combinations.ts";
import type { ProjectDefinition, StepDefinition } from "./definition.ts";
import { describeForm } from "./describe-form.ts";
import { isLabel, isStep } from "./step-form.ts";

export interface CheckedStep {
  /** Null when it is too broken to be placed in a graph. */
  readonly step: StepDefinition | null;
  /** Of its matrix; empty without one. */
  readonly combinations: readonly Combination[];
  readonly problems: readonly Problem[];
}

/** Checks one entry of a stage by itself. */
export function checkStep(entry: unknown, place: string, project: ProjectDefinition): CheckedStep {
  if (!isStep(entry)) {
    const problems = describeStep(entry, place);
    if (problems.length > 0) return { step: null, combinations: [], problems };
  }
  const step = entry as StepDefinition;
  const here = placeOf(place, step.name);
  const { combinations, problems } = checkMatrix(step, here);
  return {
    step,
    combinations,
    problems: checkName(step, here).concat(
      step.matrix === null ? checkPaths(step, here) : [],
      checkVariables(step, here, project.secrets),
      checkRetry(step, here),
      problems,
      checkEnvironment(step, here, project),
    ),
  };
}

/** Where a step of that name stands. */
export function placeOf(stage: string, name: string): string {
  return `${stage}["${name}"]`;
}

/** What is wrong with the form of an entry that should be a step. */
function describeStep(entry: unknown, place: string): readonly Problem[] {
  if (typeof entry !== "object" || entry === null || !("kind" in entry)) {
    const got = entry === undefined ? "undefined" : typeof entry;
    return [problem("CONFIG_INVALID", { place, message: `expected a step, got ${got}` })];
  }
  const name = "name" in entry && typeof entry.name === "string" ? entry.name : "?";
  return describeForm(entry, "step", {
    place: placeOf(place, name),
    // The steps that it needs are steps of their own.
    isOpaque: (key, depth) => depth === 0 && key === "needs",
    codeFor: codeForField,
  });
}

function codeForField(path: readonly PropertyKey[]): ProblemCode {
  switch (path[0]) {
    case "action":
      return path.length <= 2 ? "STEP_NO_ACTION" : "CONFIG_INVALID";
    case "retry":
      return "RETRY_INVALID";
    case "matrix":
      return "MATRIX_INVALID";
    case "when":
      return "CONDITION_INVALID";
    default:
      return "CONFIG_INVALID";
  }
}

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
