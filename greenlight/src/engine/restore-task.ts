import { judgeEvidence } from "../evidence/judge.ts";
import type { StepCall } from "./active-run.ts";
import { withFlakyPolicy } from "./flaky-tests.ts";
import { digestOutputs, outputsOf } from "./outputs.ts";
import { restoreOutputs } from "./restore-outputs.ts";
import { readStepEvidence } from "./step-evidence.ts";
import type { StepVerdict } from "./step-verdict.ts";
import type { TakenManifest } from "./take-manifest.ts";

/** Takes the task's result from the cache; null when there is none that holds, so that it has to run. */
export async function restoreTask(
  call: StepCall,
  { taken }: { readonly taken: Pick<TakenManifest, "digest" | "uncacheable"> },
): Promise<StepVerdict | null> {
  const { step } = call;
  const { context } = call.run;
  if (taken.uncacheable !== null) return null;
  const entry = await context.cache.get(taken.digest);
  if (entry === null) return null;
  for (const digest of entry.references) if (!(await context.blobs.has(digest))) return null;
  const place = { folder: context.projectFolder, index: context.index, tree: context.tree, blobs: context.blobs };
  const seenAt = context.tree.generation;
  if (!(await restoreOutputs(place, outputsOf(step), entry.outputs))) return null;
  const read = await readStepEvidence(step, context.projectFolder);
  if (read.problems.length > 0 || read.isMissing) return null;
  const evidence = withFlakyPolicy(read.evidence, context.plan.quality);
  const judged = judgeEvidence(evidence);
  return {
    outcome: judged.outcome,
    why: judged.why,
    isFromCache: true,
    isAlready: false,
    savedMs: entry.durationMs,
    problems: judged.problems,
    evidence,
    outputDigests: digestOutputs(entry.outputs),
    facts: {},
    subject: null,
    logDigest: entry.logDigest,
    seenAt,
    files: entry.outputs,
  };
}
