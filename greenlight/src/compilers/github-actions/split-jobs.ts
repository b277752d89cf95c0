import type { PipelineBlueprint, StageBlueprint, StepBlueprint } from "../../pipeline/blueprint.ts";
import { combinationsOf } from "../../pipeline/combinations.ts";
import type { EnvironmentDefinition, Matrix } from "../../pipeline/definition.ts";

/** What one job runs: a stage, a part of one, or several stages together. */
export interface JobPart {
  readonly stages: readonly string[];
  readonly steps: readonly StepBlueprint[];
  /** False: only the named steps of its stages are its own. */
  readonly isWhole: boolean;
  /** Set when every combination is a job; the part then has that one step. */
  readonly matrix: Matrix | null;
  /** Parts that have to end before it. */
  readonly needs: readonly JobPart[];
}

type Environments = Readonly<Record<string, EnvironmentDefinition>>;

/**
 * Cuts the stages of a pipeline into jobs, in order; `finally` is left out. A stage is a job; a step with a matrix is one
 * of its own, and so is what waits for it or runs after failures. Stages from the first to the last one that have to do
 * with an environment on the same machine are one job, because a runner's processes end with the job.
 */
export function splitJobs(pipeline: PipelineBlueprint, environments: Environments): readonly JobPart[] {
  const stages = pipeline.stages.filter((stage) => stage.steps.length > 0);
  const local = localSteps(pipeline, environments);
  const touches = stages.map((stage) => stage.steps.some((step) => local.has(step.name)));
  const first = touches.indexOf(true);
  const last = touches.lastIndexOf(true);
  const parts: JobPart[] = [];
  let before: readonly JobPart[] = [];
  for (const [index, stage] of stages.entries()) {
    if (first >= 0 && index > first && index <= last) continue;
    const isTogether = first >= 0 && index === first;
    before = isTogether ? [wholePart(stages.slice(first, last + 1), before)] : splitStage(stage, before);
    parts.push(...before);
  }
  return parts;
}

/** Steps that deploy to an environment on the same machine or need, at whatever distance, one that does. */
function localSteps(pipeline: PipelineBlueprint, environments: Environments): ReadonlySet<string> {
  const found = new Set<string>();
  // Needs come first, within a stage and among stages.
  for (const step of pipeline.stages.flatMap((stage) => stage.steps)) {
    const isHere = step.environment !== null && environments[step.environment]?.target.isLocal === true;
    if (isHere || Object.values(step.needs).some((need) => found.has(need))) found.add(step.name);
  }
  return found;
}

function wholePart(stages: readonly StageBlueprint[], before: readonly JobPart[]): JobPart {
  return {
    stages: stages.map((stage) => stage.name),
    steps: stages.flatMap((stage) => stage.steps),
    isWhole: true,
    matrix: null,
    needs: before,
  };
}

interface Group {
  readonly kind: string;
  readonly depth: number;
  readonly steps: StepBlueprint[];
}

/**
 * Steps of one kind at one depth make a job. A step is one deeper than what it needs of another kind, so that jobs never
 * wait for each other in a circle.
 */
function splitStage(stage: StageBlueprint, before: readonly JobPart[]): readonly JobPart[] {
  const groups = new Map<string, Group>();
  const groupOf = new Map<string, Group>();
  for (const step of stage.steps) {
    const kind = kindOf(step);
    let depth = 0;
    for (const need of Object.values(step.needs)) {
      const group = groupOf.get(need);
      if (group !== undefined) depth = Math.max(depth, group.kind === kind ? group.depth : group.depth + 1);
    }
    const key = `${depth} ${kind}`;
    const group = groups.get(key) ?? { kind, depth, steps: [] };
    groups.set(key, group);
    groupOf.set(step.name, group);
    group.steps.push(step);
  }
  const parts = new Map<Group, JobPart>();
  for (const group of [...groups.values()].toSorted((left, right) => left.depth - right.depth)) {
    const inside = new Set(group.steps.flatMap((step) => Object.values(step.needs).map((need) => groupOf.get(need))));
    const [only] = group.steps;
    parts.set(group, {
      stages: [stage.name],
      steps: group.steps,
      isWhole: groups.size === 1,
      matrix: only !== undefined && group.kind.startsWith("matrix ") ? only.matrix : null,
      needs: [
        ...before,
        ...[...inside].flatMap((each) => (each === undefined || each === group ? [] : (parts.get(each) ?? []))),
      ],
    });
  }
  return [...parts.values()];
}

/** A matrix without combinations is no matrix for GitHub, which refuses it; Greenlight says so when the step is skipped. */
function kindOf(step: StepBlueprint): string {
  if (step.matrix !== null && combinationsOf(step.matrix).length > 0) return `matrix ${step.name}`;
  return `after ${step.after}`;
}
