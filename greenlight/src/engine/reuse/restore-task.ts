import { judgeEvidence } from "../../evidence/judge.ts";
import type { StepCall } from "../active-run.ts";
import { digestOutputs, outputsOf } from "../files/outputs.ts";
import { restoreOutputs } from "../files/restore-outputs.ts";
import { withFlakyPolicy } from "../findings/flaky-tests.ts";
import { readStepEvidence } from "../findings/step-evidence.ts";
import type { TakenManifest } from "../manifests/take-manifest.ts";
import type { StepVerdict } from "../steps/step-verdict.ts";
import { whyTooOld } from "./kept-age.ts";

/**
 * Takes the task's result from the cache; null when there is none that holds, so that it has to run. Its findings are
 * judged by the policy and baseline of now. `onTooOld` is told when one is there that is no longer taken.
 */
export async function restoreTask(
  call: StepCall,
  options: {
    readonly taken: Pick<TakenManifest, "digest" | "uncacheable">;
    onTooOld?(why: string): void;
  },
): Promise<StepVerdict | null> {
  const { taken } = options;
  const { step } = call;
  const { context } = call.run;
  if (taken.uncacheable !== null) return null;
  const entry = await context.cache.get(taken.digest);
  if (entry === null) return null;
  const tooOld = whyTooOld(step, entry, context.clock.now());
  if (tooOld !== null) {
    options.onTooOld?.(tooOld);
    return null;
  }
  for (const digest of entry.references) if (!(await context.blobs.has(digest))) return null;
  const place = { folder: context.projectFolder, index: context.index, tree: context.tree, blobs: context.blobs };
  const seenAt = context.tree.generation;
  if (!(await restoreOutputs(place, outputsOf(step), entry.outputs))) return null;
  const read = await readStepEvidence(call);
  if (read.problems.length > 0 || read.isMissing) return null;
  const evidence = withFlakyPolicy(read.evidence, context.plan.quality);
  const judged = judgeEvidence(evidence, context.plan.quality);
  // A person who mended something outside wants the tool's word, not the one that is kept.
  if (judged.outcome === "failed" && call.run.mode === "retry") return null;
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
