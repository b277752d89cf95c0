import { monotonicMs } from "../../base/monotonic.ts";
import type { PlannedStep } from "../../pipeline/plan.ts";
import type { ActiveRun } from "../active-run.ts";
import { FolderLook } from "../files/folder-look.ts";
import { looksWhole } from "../manifests/step-stamp.ts";
import { needsOf } from "../steps/needs-of.ts";
import type { StepResult } from "../steps/step-result.ts";
import { whyNotRun } from "../whether-to-run.ts";
import { endWhole } from "./end-whole.ts";

/**
 * Ends the first steps of a stage, as far as their stamps hold, without a wait between them: each would be answered in the
 * same way when its turn came, at several times the cost. Answers how many these are; `steps` stand after what they need.
 */
export function reuseFirst(run: ActiveRun, steps: readonly PlannedStep[]): number {
  const { context, stamps } = run;
  const seenAt = context.tree.generation;
  if (run.mode !== "new" || run.only !== null || !stamps.isUsed || context.signal.aborted || seenAt === null) return 0;
  const lookContext = { ...context, look: new FolderLook(context) };
  for (const [at, step] of steps.entries()) {
    const stamp = stamps.find(step.name, context.index);
    if (stamp === undefined || run.again.has(step.name)) return at;
    // What takes a wait or the wall clock to decide is decided when its turn comes.
    if (step.lock !== null || step.validForMs !== null || whyNotRun(run, step, null) !== null) return at;
    const needs = needsOf(run, step);
    if (!Object.values(needs).every((need) => isSeen(need, seenAt))) return at;
    const begunAt = monotonicMs();
    try {
      if (!looksWhole(stamp, { step, needs }, lookContext)) return at;
    } catch {
      // What may not be looked at is told by the step's own attempt.
      return at;
    }
    const call = { run, step, signal: context.signal };
    run.finished.set(step.name, endWhole(call, stamp, { seenAt, begunAt }));
  }
  return steps.length;
}

/** Nothing of this run wrote since its outputs were looked at, as far as there are any. */
function isSeen(need: StepResult, seenAt: number): boolean {
  return need.seenAt === seenAt || Object.keys(need.outputDigests).length === 0;
}
