import { problem, type Problem } from "../../base/problem.ts";
import type { PlannedStep } from "../../pipeline/plan.ts";
import { digestInputs } from "../files/input-files.ts";
import { diffManifests, summariseDifference } from "./manifest.ts";
import type { ManifestContext, TakenManifest } from "./take-manifest.ts";

/** True when a file that the manifest names differs now, or one came or went. */
export async function haveInputsChanged(
  step: PlannedStep,
  taken: TakenManifest,
  context: ManifestContext,
): Promise<boolean> {
  return (await changedInputs(step, taken, context)).length > 0;
}

/**
 * What is sealed must be what was checked: every file that an earlier step of the run took as input has to be as
 * it was then. What other steps of the run wrote is checked where it is needed (`checkNeeds`).
 */
export async function checkSources(
  checked: readonly { readonly step: PlannedStep; readonly taken: TakenManifest }[],
  context: ManifestContext,
): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  for (const { step, taken } of checked) {
    const clauses = await changedInputs(step, taken, context);
    if (clauses.length === 0) continue;
    problems.push(
      problem("SOURCE_CHANGED", {
        place: step.name,
        message: `${summariseDifference(clauses)} after the step checked it`,
      }),
    );
  }
  return problems;
}

async function changedInputs(step: PlannedStep, taken: TakenManifest, context: ManifestContext): Promise<string[]> {
  if (step.inputs === null) return [];
  const now = await digestInputs(
    {
      folder: context.projectFolder,
      repository: context.repositoryFolder,
      index: context.index,
      tree: context.tree,
      place: step.name,
    },
    step.inputs,
  );
  if (!now.ok) return now.error.map((each) => each.message);
  return diffManifests({ ...taken.manifest, inputs: taken.manifest.inputs }, { ...taken.manifest, inputs: now.value });
}
