import { explainRun } from "../engine/explain-run.ts";
import { whyTooOld } from "../engine/kept-age.ts";
import { digestOutputs } from "../engine/outputs.ts";
import { ProjectTree } from "../engine/project-tree.ts";
import type { StepResult } from "../engine/step-result.ts";
import { howStampHolds } from "../engine/step-stamp.ts";
import { takeManifest } from "../engine/take-manifest.ts";
import type { PlannedStep } from "../pipeline/plan.ts";
import type { Plan } from "../pipeline/plan.ts";
import type { Composition } from "./composition.ts";
import type { ProjectPlace } from "./find-project.ts";
import { repositoryFolder } from "./read-checkout.ts";
import { prepareStateFolder } from "./state-folder.ts";

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
  prepareStateFolder(place.stateFolder);
  const runs = await composition.openRuns(place.stateFolder);
  const { index, cache } = await composition.openWork(place.stateFolder);
  const context = {
    projectFolder: place.folder,
    repositoryFolder: repositoryFolder(place.folder),
    index,
    tree: new ProjectTree(),
    environmentVariables: process.env,
  };
  const stamps = await runs.stamps(plan.pipeline);
  const known = new Map<string, StepResult>();
  const previews: StepPreview[] = [];
  try {
    const stages = [...plan.stages, { name: "finally", steps: plan.finally }];
    for (const stage of stages) {
      for (const step of stage.steps) {
        const head = { step: step.name, stage: stage.name, needs: Object.values(step.needs) };
        previews.push({ ...head, ...(await previewStep(step)) });
      }
    }
    return previews;
  } finally {
    index.flush();
    index.close();
    await runs.close();
  }

  async function previewStep(step: PlannedStep): Promise<Omit<StepPreview, "step" | "stage" | "needs">> {
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
    const unknown = Object.values(step.needs).filter((need) => !known.has(need));
    if (unknown.length > 0) {
      return {
        kind: "task",
        prediction: "depends",
        why: `on what "${unknown.join('", "')}" puts out`,
        differences: [],
      };
    }
    const needs = Object.fromEntries(
      Object.entries(step.needs).flatMap(([alias, name]) => {
        const need = known.get(name);
        return need === undefined ? [] : [[alias, need] as const];
      }),
    );
    const stamp = stamps.get(step.name);
    if (stamp?.index === index.id && (await howStampHolds(stamp, { step, needs }, context)) === "whole") {
      known.set(step.name, { ...emptyResult(step), outputDigests: stamp.outputDigests });
      const why = `nothing changed since run ${stamp.runId}`;
      return { kind: "task", prediction: "cached", why, differences: [] };
    }
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
