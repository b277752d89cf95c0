import { monotonicMs } from "../../base/monotonic.ts";
import type { StepCall } from "../active-run.ts";
import type { FinishedStep } from "../finished-step.ts";
import { howStampHolds } from "../manifests/step-stamp.ts";
import { endStep } from "../steps/end-step.ts";
import type { StepResult } from "../steps/step-result.ts";
import { endWhole } from "./end-whole.ts";
import { restoreTask } from "./restore-task.ts";

/** The step's result as its stamp tells it, when nothing has changed since; null when its manifest has to be taken. */
export async function reuseStamped(
  call: StepCall,
  needs: Readonly<Record<string, StepResult>>,
): Promise<FinishedStep | null> {
  const { run, step } = call;
  const stamp = run.stamps.find(step.name, run.context.index);
  if (stamp === undefined || run.again.has(step.name)) return null;
  const begunAt = monotonicMs();
  const seenAt = run.context.tree.generation;
  const how = await howStampHolds(stamp, { step, needs }, run.context);
  if (how === null) return null;
  if (how === "whole") return endWhole(call, stamp, { seenAt, begunAt });
  const taken = { digest: stamp.manifestDigest, uncacheable: null };
  const verdict = await restoreTask(call, { taken });
  if (verdict === null) return null;
  const why = [`nothing changed since run ${stamp.runId}`, verdict.why].filter((clause) => clause !== "").join("; ");
  if (verdict.files !== null) run.stamps.noteRestored(step.name, stamp, verdict.files);
  return endStep(
    call,
    { ...verdict, why },
    { taken: null, manifestDigest: stamp.manifestDigest, begunAt, attempts: 0 },
  );
}
