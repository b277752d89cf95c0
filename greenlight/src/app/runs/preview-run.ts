import { FolderLook } from "../../engine/files/folder-look.ts";
import { ProjectTree } from "../../engine/files/project-tree.ts";
import { howStampHolds, looksWhole, type StepStamp } from "../../engine/manifests/step-stamp.ts";
import { whyTooOld } from "../../engine/reuse/kept-age.ts";
import type { StepResult } from "../../engine/steps/step-result.ts";
import type { PlannedStep } from "../../pipeline/plan.ts";
import type { Plan } from "../../pipeline/plan.ts";
import type { Composition } from "../composition.ts";
import type { ProjectPlace } from "../find-project.ts";
import { repositoryFolder } from "../read-checkout.ts";
import { hideStateFolder } from "../state-folder.ts";

/** What a run would do with one step, as far as can be told without running anything. */
export interface StepPreview {
  readonly step: string;
  readonly stage: string;
  readonly kind: "task" | "effect";
  readonly needs: readonly string[];
  readonly prediction: "run" | "cached" | "observe" | "depends" | "skip";
  readonly why: string;
  /** Every difference from the last success. */
  readonly differences: readonly string[];
}

/**
 * Foretells each step: its manifest of now is held against the cache and the last success. A step that needs one
 * that would run `depends`: an unchanged output of that one would still spare it.
 */
export async function previewRun(
  composition: Composition,
  options: { readonly place: ProjectPlace; readonly plan: Plan },
): Promise<readonly StepPreview[]> {
  const { place, plan } = options;
  hideStateFolder(place.stateFolder);
  const runs = await composition.openRuns(place.stateFolder);
  const { index, cache } = await composition.openWork(place.stateFolder, { isLooking: true });
  const context = {
    projectFolder: place.folder,
    repositoryFolder: repositoryFolder(place.folder),
    index,
    tree: new ProjectTree(),
    environmentVariables: process.env,
  };
  const lookContext = { ...context, look: new FolderLook(context) };
  const stamps = await runs.stamps(plan.pipeline);
  const known = new Map<string, StepResult>();
  const previews: StepPreview[] = [];
  try {
    const stages = [...plan.stages, { name: "finally", steps: plan.finally }];
    for (const stage of stages) {
      for (const step of stage.steps) {
        const head = { step: step.name, stage: stage.name, needs: Object.values(step.needs) };
        previews.push({ ...head, ...(previewStamped(step) ?? (await previewStep(step))) });
      }
    }
    return previews;
  } finally {
    index.flush();
    index.close();
    await runs.close();
  }

  /** At once, as most steps of a large plan are unchanged; null: it has to be looked at closely. */
  function previewStamped(step: PlannedStep): Preview | null {
    const stamp = stamps.get(step.name);
    // What grows old is looked at closely.
    if (stamp?.index !== index.id || step.skip !== null || step.validForMs !== null) return null;
    const needs = knownNeeds(step);
    try {
      return needs !== null && looksWhole(stamp, { step, needs }, lookContext) ? unchanged(step, stamp) : null;
    } catch {
      // Told by the closer look.
      return null;
    }
  }

  /** Null when one of them is not known. */
  function knownNeeds(step: PlannedStep): Record<string, StepResult> | null {
    const needs = Object.create(null) as Record<string, StepResult>;
    for (const [alias, name] of Object.entries(step.needs)) {
      const need = known.get(name);
      if (need === undefined) return null;
      needs[alias] = need;
    }
    return needs;
  }

  function unchanged(step: PlannedStep, stamp: StepStamp): Preview {
    known.set(step.name, { ...emptyResult(step), outputDigests: stamp.outputDigests });
    const why = `nothing changed since run ${stamp.runId}`;
    return { kind: "task", prediction: "cached", why, differences: [] };
  }

  async function previewStep(step: PlannedStep): Promise<Preview> {
    if (step.action.kind === "effect") {
      const last = await runs.lastSuccess({ pipeline: plan.pipeline, step: step.name });
      if (last !== null) known.set(step.name, { ...emptyResult(step), facts: last.ended.facts });
      return {
        kind: "effect",
        prediction: "observe",
        why: "observes when it runs; acts only if something is to do",
        differences: [],
      };
    }
    if (step.skip !== null) return { kind: "task", prediction: "skip", why: step.skip, differences: [] };
    const needs = knownNeeds(step);
    if (needs === null) {
      const unknown = Object.values(step.needs).filter((need) => !known.has(need));
      return {
        kind: "task",
        prediction: "depends",
        why: `on what "${unknown.join('", "')}" puts out`,
        differences: [],
      };
    }
    const stamp = stamps.get(step.name);
    if (stamp?.index === index.id && (await howStampHolds(stamp, { step, needs }, context)) === "whole") {
      return unchanged(step, stamp);
    }
    const { digestOutputs, explainRun, takeManifest } = await (closer ??= loadCloser());
    const taken = await takeManifest(step, needs, context);
    if (!taken.ok) {
      const why = taken.error.map((each) => each.message).join("; ");
      return { kind: "task", prediction: "run", why, differences: [] };
    }
    const explanation = await explainRun(runs, { pipeline: plan.pipeline, step, taken: taken.value });
    const entry = taken.value.uncacheable === null ? await cache.get(taken.value.digest) : null;
    const tooOld = entry === null ? null : whyTooOld(step, entry, composition.clock.now());
    if (entry === null || tooOld !== null) {
      const why = tooOld ?? explanation.whenRun;
      return { kind: "task", prediction: "run", why, differences: explanation.differences };
    }
    known.set(step.name, { ...emptyResult(step), outputDigests: digestOutputs(entry.outputs) });
    return { kind: "task", prediction: "cached", why: explanation.whenCached, differences: explanation.differences };
  }
}

type Preview = Omit<StepPreview, "step" | "stage" | "needs">;

/** What only steps need that have changed. */
async function loadCloser() {
  const [{ digestOutputs }, { explainRun }, { takeManifest }] = await Promise.all([
    import("../../engine/files/outputs.ts"),
    import("../../engine/manifests/explain-run.ts"),
    import("../../engine/manifests/take-manifest.ts"),
  ]);
  return { digestOutputs, explainRun, takeManifest };
}
let closer: ReturnType<typeof loadCloser> | undefined;

function emptyResult(step: PlannedStep): StepResult {
  return {
    step: step.name,
    outcome: "passed",
    outputs: step.outputs,
    outputDigests: {},
    facts: {},
    evidence: [],
    manifest: null,
    seenAt: null,
  };
}
