import { problem, type Problem } from "../../base/problem.ts";
import type { EngineContext } from "../engine-context.ts";
import { collectOutputs, digestOutputs } from "../files/outputs.ts";
import type { StepResult } from "./step-result.ts";

/**
 * A step reads what its needs put out from the project's folder, while its manifest names the digests that were recorded
 * when they ended. Both have to be the same, or a result would be kept under inputs that it did not have.
 */
export async function checkNeeds(
  needs: Readonly<Record<string, StepResult>>,
  context: Pick<EngineContext, "projectFolder" | "index" | "tree">,
): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  for (const need of new Set(Object.values(needs))) {
    if (Object.keys(need.outputDigests).length === 0) continue;
    // Nothing of this run wrote since the outputs were looked at.
    if (need.seenAt !== null && need.seenAt === context.tree.generation) continue;
    const place = { folder: context.projectFolder, index: context.index, tree: context.tree, place: need.step };
    const collected = await collectOutputs(place, need.outputs);
    const now = collected.ok ? digestOutputs(collected.value) : {};
    for (const [name, digest] of Object.entries(need.outputDigests)) {
      if (now[name] === digest) continue;
      const message = `its output ${name} (${need.outputs[name]}) is no longer what it wrote`;
      const remedy = "run again, and let nothing else write there meanwhile";
      problems.push(problem("SOURCE_CHANGED", { place: need.step, message, remedy }));
    }
  }
  return problems;
}
