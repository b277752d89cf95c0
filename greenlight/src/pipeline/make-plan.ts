import { problem, type Problem } from "../base/problem.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { Blueprint, StepBlueprint } from "./blueprint.ts";
import { holds, whyNot } from "./decide-condition.ts";
import type { ConcurrencyGroup, EnvironmentDefinition } from "./definition.ts";
import { dropSteps } from "./drop-steps.ts";
import { Expansion } from "./expand-steps.ts";
import { findingReports } from "./finding-reports.ts";
import type { EnvironmentSelection, Plan, PlannedStep, RunTrigger } from "./plan.ts";

/** Two large matrices of which one needs the other would make more edges than a machine can hold. */
const MAX_NEEDS = 1_000_000;

interface PlanOptions {
  readonly pipeline: string;
  readonly trigger: RunTrigger;
  readonly selection: EnvironmentSelection;
}

/**
 * The plan of one pipeline for one trigger. Steps of unselected environments and those whose condition does not hold
 * fall away, with a reason; each combination of a matrix becomes a step of its own.
 */
export function makePlan(blueprint: Blueprint, options: PlanOptions): Result<Plan, readonly Problem[]> {
  const pipeline = Object.hasOwn(blueprint.pipelines, options.pipeline)
    ? blueprint.pipelines[options.pipeline]
    : undefined;
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
  const { reasons, needsOf } = dropSteps(all, whyDropped);
  const expansion = new Expansion(all);
  let needCount = 0;
  const keep = (steps: readonly StepBlueprint[]): PlannedStep[] =>
    steps
      .filter((step) => !reasons.has(step.name))
      .flatMap((step) => {
        const needs = needsOf(step);
        needCount += expansion.countNeeds(step, needs);
        return needCount > MAX_NEEDS ? [] : expansion.expand(step, needs);
      });
  const plan: Plan = {
    project: blueprint.name,
    pipeline: pipeline.name,
    trigger: options.trigger,
    stages: pipeline.stages.map((stage) => ({ name: stage.name, steps: keep(stage.steps) })),
    finally: keep(pipeline.finally),
    environments,
    secrets: blueprint.secrets,
    store: blueprint.store,
    codeHost: blueprint.codeHost,
    quality: blueprint.quality,
    findingReports: findingReports(blueprint),
    concurrency: pipeline.concurrency === null ? null : nameGroup(pipeline.concurrency, options),
    dropped: [...reasons].map(([step, why]) => ({ step, why })),
  };
  if (needCount <= MAX_NEEDS) return ok(plan);
  const message = `its combinations need each other in more than ${MAX_NEEDS} ways`;
  return err([problem("MATRIX_TOO_LARGE", { place: `pipelines.${pipeline.name}`, message })]);

  function whyDropped(step: StepBlueprint, dropped: ReadonlyMap<string, string>): string | null {
    if (step.environment !== null && !Object.hasOwn(environments, step.environment))
      return reasonFor(step.environment, options);
    if (step.when !== null && !holds(step.when, options.trigger)) return whyNot(step.when, options.trigger);
    if (step.environment !== null || step.action.kind !== "effect") return null;
    // An effect is about what it needs: with all of that gone, there is nothing left to look at.
    const needs = Object.values(step.needs);
    return needs.length > 0 && needs.every((need) => dropped.has(need)) ? "all that it is about fell away" : null;
  }
}

function isSelected(environment: EnvironmentDefinition, options: PlanOptions): boolean {
  if (options.trigger.kind === "pull-request") return false;
  if (options.selection === "local") return environment.target.isLocal;
  return options.trigger.branch !== null && environment.branches.includes(options.trigger.branch);
}

function reasonFor(environment: string, options: PlanOptions): string {
  if (options.trigger.kind === "pull-request") return "a pull request deploys nowhere";
  if (options.selection === "local") return `${environment} is not on this machine`;
  return `${environment} takes no runs of ${options.trigger.branch === null ? "an unknown branch" : `branch ${options.trigger.branch}`}`;
}

/** The name of the group for this run; a checkout without a branch is `detached`. */
function nameGroup(concurrency: ConcurrencyGroup, { pipeline, trigger }: PlanOptions): ConcurrencyGroup {
  const names: Readonly<Record<string, string>> = { "{branch}": trigger.branch ?? "detached", "{pipeline}": pipeline };
  return {
    ...concurrency,
    group: concurrency.group.replaceAll(/\{(?:branch|pipeline)\}/gu, (placeholder) => names[placeholder] ?? ""),
  };
}
