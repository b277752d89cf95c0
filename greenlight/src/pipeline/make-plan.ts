import { problem, type Problem } from "../base/problem.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { Blueprint, StepBlueprint } from "./blueprint.ts";
import type { EnvironmentDefinition } from "./definition.ts";
import type { EnvironmentSelection, Plan, PlannedStep, RunTrigger } from "./plan.ts";

/** The plan of one pipeline for one trigger. Steps of unselected environments fall away, with a reason. */
export function makePlan(
  blueprint: Blueprint,
  options: { readonly pipeline: string; readonly trigger: RunTrigger; readonly selection: EnvironmentSelection },
): Result<Plan, readonly Problem[]> {
  const pipeline = blueprint.pipelines[options.pipeline];
  if (pipeline === undefined) {
    const known = Object.keys(blueprint.pipelines).join(", ");
    return err([
      problem("PIPELINE_UNKNOWN", {
        place: options.pipeline,
        message: `the project has no such pipeline; known: ${known}`,
      }),
    ]);
  }
  const environments = Object.fromEntries(
    Object.entries(blueprint.environments).filter(([, each]) => isSelected(each, options)),
  );
  const all = [...pipeline.stages.flatMap((stage) => stage.steps), ...pipeline.finally];
  const dropped = new Map<string, StepBlueprint>();
  const reasons = new Map<string, string>();
  for (const step of all) {
    const reason = whyDropped(step);
    if (reason === null) continue;
    dropped.set(step.name, step);
    reasons.set(step.name, reason);
  }
  const keep = (steps: readonly StepBlueprint[]): PlannedStep[] =>
    steps
      .filter((step) => !dropped.has(step.name))
      .map((step) => ({ ...step, matrix: null, skip: null, needs: replaceNeeds(step, dropped) }));
  return ok({
    project: blueprint.name,
    pipeline: pipeline.name,
    trigger: options.trigger,
    stages: pipeline.stages.map((stage) => ({ name: stage.name, steps: keep(stage.steps) })),
    finally: keep(pipeline.finally),
    environments,
    secrets: blueprint.secrets,
    store: blueprint.store,
    concurrency: pipeline.concurrency,
    dropped: [...reasons].map(([step, why]) => ({ step, why })),
  });

  function whyDropped(step: StepBlueprint): string | null {
    if (step.environment !== null) {
      return Object.hasOwn(environments, step.environment) ? null : reasonFor(step.environment, options);
    }
    // An effect is about what it needs: with all of that gone, there is nothing left to look at.
    const needs = Object.values(step.needs);
    const isAbout = step.action.kind === "effect" && needs.length > 0;
    return isAbout && needs.every((need) => dropped.has(need)) ? "all that it is about fell away" : null;
  }
}

function isSelected(
  environment: EnvironmentDefinition,
  options: { readonly trigger: RunTrigger; readonly selection: EnvironmentSelection },
): boolean {
  if (options.trigger.kind === "pull-request") return false;
  if (options.selection === "local") return environment.target.isLocal;
  return options.trigger.branch !== null && environment.branches.includes(options.trigger.branch);
}

function reasonFor(
  environment: string,
  options: { readonly trigger: RunTrigger; readonly selection: EnvironmentSelection },
): string {
  if (options.trigger.kind === "pull-request") return "a pull request deploys nowhere";
  if (options.selection === "local") return `${environment} is not on this machine`;
  return `${environment} takes no runs of ${options.trigger.branch === null ? "an unknown branch" : `branch ${options.trigger.branch}`}`;
}

/** A need that fell away is replaced by its own needs; an alias that the step already has keeps its meaning. */
function replaceNeeds(step: StepBlueprint, dropped: ReadonlyMap<string, StepBlueprint>): Record<string, string> {
  const kept: Record<string, string> = {};
  const inherited: [string, string][] = [];
  const queue = Object.entries(step.needs);
  const seen = new Set<string>();
  for (let entry = queue.shift(); entry !== undefined; entry = queue.shift()) {
    const [alias, name] = entry;
    const gone = dropped.get(name);
    if (gone === undefined) {
      if (step.needs[alias] === name) kept[alias] = name;
      else inherited.push([alias, name]);
    } else if (!seen.has(name)) {
      seen.add(name);
      queue.push(...Object.entries(gone.needs));
    }
  }
  for (const [alias, name] of inherited) kept[alias] ??= name;
  return kept;
}
