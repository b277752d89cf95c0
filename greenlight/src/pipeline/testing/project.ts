import type { ProblemCode } from "../../base/problem-codes.ts";
import { defineProject, pipeline } from "../define.ts";
import type { EnvironmentDefinition, ProjectDefinition, StepEntry } from "../definition.ts";
import { makeBlueprint } from "../make-blueprint.ts";
import { makePlan } from "../make-plan.ts";
import type { EnvironmentSelection, Plan, PlannedStep, RunTrigger } from "../plan.ts";

type Stages = Readonly<Record<string, readonly StepEntry[]>>;
type Rest = Partial<Omit<ProjectDefinition, "pipelines" | "store" | "codeHost" | "quality" | "retention">>;

/** A project of one pipeline, `delivery`. */
export function projectOf(stages: Stages, rest: Rest = {}): ProjectDefinition {
  return defineProject({ name: "shop", pipelines: { delivery: pipeline({ stages }) }, ...rest });
}

export function problemsOf(
  exported: unknown,
): { readonly code: ProblemCode; readonly place: string; readonly message: string }[] {
  const made = makeBlueprint(exported, "greenlight.config.ts");
  return made.ok ? [] : [...made.error];
}

export function codesOf(exported: unknown): ProblemCode[] {
  return problemsOf(exported).map((each) => each.code);
}

/** The plan of `delivery` for a push to main, unless told otherwise; throws when there is a problem. */
export function planOf(
  project: ProjectDefinition,
  trigger: Partial<RunTrigger> = {},
  selection: EnvironmentSelection = "branch",
): Plan {
  const made = makeBlueprint(project, "c");
  if (!made.ok) throw new Error(JSON.stringify(made.error));
  const full: RunTrigger = { kind: "push", branch: "main", commit: null, isDirty: false, who: "kim", ...trigger };
  const planned = makePlan(made.value, { pipeline: "delivery", trigger: full, selection });
  if (!planned.ok) throw new Error(JSON.stringify(planned.error));
  return planned.value;
}

export function stepsOf(plan: Plan): PlannedStep[] {
  return [...plan.stages.flatMap((stage) => stage.steps), ...plan.finally];
}

export function namesOf(plan: Plan): string[] {
  return stepsOf(plan).map((each) => each.name);
}

export function environmentOf(branches: readonly string[], isLocal = true): EnvironmentDefinition {
  return { target: { kind: "t", module: "m", isLocal, options: {} }, branches };
}
