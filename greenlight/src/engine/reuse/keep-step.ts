import { problem } from "../../base/problem.ts";
import type { StepCall } from "../active-run.ts";
import { collectOutputs, digestOutputs, outputsOf } from "../files/outputs.ts";
import { restoreOutputs } from "../files/restore-outputs.ts";
import type { FinishedStep } from "../finished-step.ts";
import { takeManifest, type TakenManifest } from "../manifests/take-manifest.ts";
import { isBad, isSuccess, type Outcome } from "../outcome.ts";
import type { StepView } from "../run-view.ts";
import { endStep } from "../steps/end-step.ts";
import { needsOf } from "../steps/needs-of.ts";

/**
 * The result that the step had earlier in this run, if it still holds: the same manifest, and outputs that are there
 * or can be restored. Null: the step has to run. Nothing is recorded, because nothing happened.
 */
export async function keepStep(call: StepCall): Promise<FinishedStep | null> {
  const { run, step } = call;
  const view = run.earlier.get(step.name);
  if (view === undefined || run.mode === "new" || run.again.has(step.name)) return null;
  if (!isKept(view, run.mode)) return null;
  const taken = await takeManifest(step, needsOf(run, step), run.context);
  if (!taken.ok || taken.value.digest !== view.manifestDigest) return null;
  if (step.action.kind !== "effect" && !view.isAllowedFailure && isSuccess(view.outcome as Outcome)) {
    if (!(await holdsOutputs(call, view, taken.value))) return null;
  }
  return finishedOf(call, view, taken.value);
}

/**
 * A step that belongs to another part of the run: what became of it earlier, or null when it is still to come. A result
 * that does not hold here is told: what is built on it would not be what was checked.
 */
export async function keepUnseen(call: StepCall): Promise<FinishedStep | null> {
  const { run, step } = call;
  // What its part has to do again is no result to build on, nor to count.
  if (run.again.has(step.name)) return null;
  const view = run.earlier.get(step.name);
  if (view === undefined || view.outcome === "pending" || view.outcome === "running") return null;
  // What could not even begin, for want of its runtime, left nothing that could differ here.
  const isBegun = view.attempts > 0 || view.manifestDigest !== null;
  if (!isSuccess(view.outcome) || !isBegun || !isNeededHere(call)) return finishedOf(call, view, null);
  const kept = await keepStep(call);
  if (kept !== null) return kept;
  const message = "its result of an earlier part of the run does not hold here: an input or the machine differs";
  const found = problem("SOURCE_CHANGED", { place: step.name, message });
  return endStep(call, { outcome: "failed", why: message, problems: [found] });
}

/** A resumed run keeps failures too: their attempts are used up. A retried one wants them done again. */
function isKept(view: StepView, mode: StepCall["run"]["mode"]): boolean {
  if (view.outcome === "pending" || view.outcome === "running") return false;
  if (isSuccess(view.outcome)) return !(view.isAllowedFailure && mode === "retry");
  return mode === "resume" && view.outcome === "failed" && isBad(view.outcome) && view.manifestDigest !== null;
}

/** True when a step of this part needs it, at first hand or through others. */
function isNeededHere({ run, step }: StepCall): boolean {
  const { plan } = run.context;
  const wanted = new Set<string>();
  const all = [...plan.stages.flatMap((stage) => stage.steps), ...plan.finally];
  // Steps stand after those they need, so one way back through the list finds all.
  for (const each of all.toReversed()) {
    if (run.only?.has(each.name) !== true && !wanted.has(each.name)) continue;
    for (const need of Object.values(each.needs)) wanted.add(need);
  }
  return wanted.has(step.name);
}

async function holdsOutputs(call: StepCall, view: StepView, taken: TakenManifest): Promise<boolean> {
  const { context } = call.run;
  const place = { folder: context.projectFolder, index: context.index, tree: context.tree, place: call.step.name };
  // Outputs in place are not all of a release: its files lie in the store, as long as its entry holds them there.
  const isAllInPlace = taken.uncacheable !== null || !view.evidence.some((each) => each.kind === "release");
  if (isAllInPlace && (await equalsRecorded())) return true;
  const entry = await context.cache.get(taken.digest);
  if (entry === null) return false;
  for (const digest of entry.references) if (!(await context.blobs.has(digest))) return false;
  const isRestored = await restoreOutputs({ ...place, blobs: context.blobs }, outputsOf(call.step), entry.outputs);
  return isRestored && (await equalsRecorded());

  async function equalsRecorded(): Promise<boolean> {
    const collected = await collectOutputs(place, call.step.outputs);
    if (!collected.ok) return false;
    const now = digestOutputs(collected.value);
    return Object.keys(now).every((name) => now[name] === view.outputs[name]);
  }
}

function finishedOf({ run, step }: StepCall, view: StepView, taken: TakenManifest | null): FinishedStep {
  return {
    step: step.name,
    outcome: view.outcome as Outcome,
    why: view.why,
    problems: view.problems,
    isAllowedFailure: view.isAllowedFailure,
    outputs: step.outputs,
    outputDigests: view.outputs,
    facts: view.facts,
    evidence: view.evidence,
    manifest: run.keepsManifests ? taken : null,
    seenAt: null,
    blueprint: step,
  };
}
