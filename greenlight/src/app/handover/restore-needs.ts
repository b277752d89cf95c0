import { problem, ProblemError, type Problem } from "../../base/problem.ts";
import type { BlobStore } from "../../engine/blob-store.ts";
import { outputsOf } from "../../engine/files/outputs.ts";
import { ProjectTree } from "../../engine/files/project-tree.ts";
import { restoreOutputs } from "../../engine/files/restore-outputs.ts";
import type { StatIndex } from "../../engine/files/stat-index.ts";
import type { Plan, PlannedStep } from "../../pipeline/plan.ts";
import type { StepOutput } from "./part-file.ts";

/**
 * Puts what the steps of this part need, at first hand or through others, into the project's folder: a fresh checkout has
 * none of it. What may be cached the engine restores by itself. Throws HANDOVER_INCOMPLETE when a file can't be restored.
 */
export async function restoreNeeds(
  plan: Plan,
  options: {
    readonly only: ReadonlySet<string>;
    readonly outputs: ReadonlyMap<string, StepOutput>;
    readonly projectFolder: string;
    readonly index: StatIndex;
    readonly blobs: BlobStore;
  },
): Promise<void> {
  const { only, outputs, projectFolder, index, blobs } = options;
  const problems: Problem[] = [];
  for (const step of neededSteps(plan, only)) {
    const output = outputs.get(step.name);
    if (output === undefined || output.isCacheable || only.has(step.name)) continue;
    const place = { folder: projectFolder, index, tree: new ProjectTree(), blobs };
    if (await restoreOutputs(place, outputsOf(step), output.outputs)) continue;
    problems.push(problem("HANDOVER_INCOMPLETE", { place: step.name, message: "what it put out can't be restored" }));
  }
  if (problems.length > 0) throw new ProblemError(problems);
}

function neededSteps(plan: Plan, only: ReadonlySet<string>): readonly PlannedStep[] {
  const wanted = new Set<string>();
  const found: PlannedStep[] = [];
  // Steps stand after those they need, so one way back through the list finds all.
  for (const step of [...plan.stages.flatMap((stage) => stage.steps), ...plan.finally].toReversed()) {
    if (wanted.has(step.name)) found.push(step);
    if (!only.has(step.name) && !wanted.has(step.name)) continue;
    for (const need of Object.values(step.needs)) wanted.add(need);
  }
  return found;
}
