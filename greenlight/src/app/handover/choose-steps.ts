import { canonicalJson } from "../../base/json.ts";
import { problem, type Problem } from "../../base/problem.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { PipelineBlueprint } from "../../pipeline/blueprint.ts";
import type { MatrixValue } from "../../pipeline/definition.ts";
import type { Plan, PlannedStep } from "../../pipeline/plan.ts";

export interface PartSelection {
  /** Stages by name; `finally` for what runs last. */
  readonly stages: readonly string[];
  /** Only these of their steps; empty: all. */
  readonly steps: readonly string[];
  /** Only this combination of the one step that is named. */
  readonly matrix: Readonly<Record<string, MatrixValue>> | null;
}

/** The name under which the steps that run last are chosen. */
export const FINALLY = "finally";

/**
 * The steps of a part, by the names they have in the plan; none when all of them fell away for this run. STAGE_UNKNOWN and
 * STEP_UNKNOWN for what the definition does not have.
 */
export function chooseSteps(
  plan: Plan,
  pipeline: PipelineBlueprint,
  selection: PartSelection,
): Result<ReadonlySet<string>, readonly Problem[]> {
  const problems = [...checkStages(pipeline, selection), ...checkSteps(pipeline, selection)];
  if (problems.length > 0) return err(problems);
  const stages = [...plan.stages, { name: FINALLY, steps: plan.finally }];
  const chosen = stages
    .filter((stage) => selection.stages.includes(stage.name))
    .flatMap((stage) => stage.steps)
    .filter((step) => selection.steps.length === 0 || selection.steps.some((name) => isNamed(step, name)));
  const { matrix } = selection;
  if (matrix === null) return ok(new Set(chosen.map((step) => step.name)));
  const found = chosen.filter(
    (step) => step.matrix !== null && canonicalJson(step.matrix.values) === canonicalJson(matrix),
  );
  if (found.length === 0 && chosen.length > 0) {
    const message = `its matrix has no combination ${canonicalJson(matrix)}`;
    return err([problem("STEP_UNKNOWN", { place: selection.steps.join(), message })]);
  }
  return ok(new Set(found.map((step) => step.name)));
}

/** True for the step itself, and for each combination of its matrix. */
function isNamed(step: PlannedStep, name: string): boolean {
  return step.name === name || step.matrix?.of === name;
}

function checkStages(pipeline: PipelineBlueprint, selection: PartSelection): readonly Problem[] {
  const known = new Set([...pipeline.stages.map((stage) => stage.name), FINALLY]);
  return selection.stages
    .filter((name) => !known.has(name))
    .map((name) => {
      const message = `${pipeline.name} has these: ${[...known].join(", ")}`;
      return problem("STAGE_UNKNOWN", { place: name, message });
    });
}

function checkSteps(pipeline: PipelineBlueprint, selection: PartSelection): readonly Problem[] {
  const problems: Problem[] = [];
  const stages = [...pipeline.stages, { name: FINALLY, steps: pipeline.finally }];
  const known = stages.filter((stage) => selection.stages.includes(stage.name)).flatMap((stage) => stage.steps);
  for (const name of selection.steps) {
    // A combination may be named as well; whether it is there, the plan says.
    if (known.some((step) => step.name === name || (step.matrix !== null && name.startsWith(`${step.name} (`))))
      continue;
    const message = `there is no such step in ${selection.stages.join(", ")}`;
    problems.push(problem("STEP_UNKNOWN", { place: name, message }));
  }
  if (selection.matrix !== null && selection.steps.length !== 1) {
    problems.push(problem("USAGE", { place: "--matrix", message: "one step has to be named with it" }));
  }
  return problems;
}
