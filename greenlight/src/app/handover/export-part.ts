import { canonicalJson } from "../../base/json.ts";
import { problem, type Problem } from "../../base/problem.ts";
import type { BlobStore, CacheStore } from "../../engine/blob-store.ts";
import type { RunEvent, StepEnded } from "../../engine/event.ts";
import { collectOutputs, digestOutputs, outputsOf } from "../../engine/files/outputs.ts";
import { ProjectTree } from "../../engine/files/project-tree.ts";
import type { StatIndex } from "../../engine/files/stat-index.ts";
import type { Manifest } from "../../engine/manifests/manifest.ts";
import { isSuccess } from "../../engine/outcome.ts";
import type { RunStore } from "../../engine/run-store.ts";
import type { Plan, PlannedStep } from "../../pipeline/plan.ts";
import { writePart } from "./handover-folder.ts";
import type { PartHead, StepOutput } from "./part-file.ts";

export interface ExportContext {
  readonly plan: Plan;
  readonly projectFolder: string;
  readonly runs: RunStore;
  readonly cache: CacheStore;
  readonly blobs: BlobStore;
  readonly index: StatIndex;
}

/**
 * Hands over what this part added to the run: the events behind `after`, their manifests, and what its tasks put out. Says
 * what could not be handed over; the part that needs it will not run without.
 */
export async function exportPart(
  handover: string,
  head: PartHead,
  options: { readonly after: number; readonly context: ExportContext },
): Promise<readonly Problem[]> {
  const { context } = options;
  const events = await context.runs.events(head.runId, options.after);
  if (events.length === 0) return [];
  const steps = new Map(
    [...context.plan.stages.flatMap((stage) => stage.steps), ...context.plan.finally].map((step) => [step.name, step]),
  );
  const manifests = new Map<string, Manifest>();
  const results: StepOutput[] = [];
  const problems: Problem[] = [];
  for (const ended of lastEnds(events)) {
    if (ended.manifestDigest === null) continue;
    const manifest = await context.runs.manifest(ended.manifestDigest);
    if (manifest !== null) manifests.set(ended.manifestDigest, manifest);
    const step = steps.get(ended.step);
    if (step === undefined || step.action.kind === "effect" || !isSuccess(ended.outcome) || ended.isAllowedFailure)
      continue;
    const result = manifest === null ? null : await resultOf(step, ended, context);
    if (result !== null) results.push(result);
    else {
      const message = "what it put out is no longer there, so other parts of the run can't have it";
      problems.push(problem("HANDOVER_INCOMPLETE", { place: ended.step, message }));
    }
  }
  await writePart(handover, { head, events, manifests, results }, (digest) => context.blobs.localPath(digest));
  return problems;
}

function lastEnds(events: readonly RunEvent[]): readonly StepEnded[] {
  const last = new Map<string, StepEnded>();
  for (const event of events) if (event.type === "step-ended") last.set(event.step, event);
  return [...last.values()];
}

/** From the cache where it is, else from the project's folder, as long as that still holds what was recorded. */
async function resultOf(step: PlannedStep, ended: StepEnded, context: ExportContext): Promise<StepOutput | null> {
  const { manifestDigest } = ended;
  if (manifestDigest === null) return null;
  const entry = await context.cache.get(manifestDigest);
  if (entry !== null && isRecorded(entry.outputs, ended)) {
    const { outputs, references, logDigest, durationMs } = entry;
    return { step: step.name, manifestDigest, outputs, references, logDigest, durationMs, isCacheable: true };
  }
  const place = {
    folder: context.projectFolder,
    index: context.index,
    tree: new ProjectTree(),
    place: step.name,
  };
  const collected = await collectOutputs(place, outputsOf(step));
  if (!collected.ok || !isRecorded(collected.value, ended)) return null;
  for (const file of Object.values(collected.value).flat()) {
    await context.blobs.putFile(`${context.projectFolder}/${file.path}`, file.digest);
  }
  return {
    step: step.name,
    manifestDigest,
    outputs: collected.value,
    references: [],
    logDigest: null,
    durationMs: ended.durationMs,
    isCacheable: false,
  };
}

function isRecorded(outputs: StepOutput["outputs"], ended: StepEnded): boolean {
  return canonicalJson(digestOutputs(outputs)) === canonicalJson(ended.outputs);
}
