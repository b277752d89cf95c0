import { lstat } from "node:fs/promises";

import { canonicalJson } from "../../base/json.ts";
import { problem, ProblemError, type Problem } from "../../base/problem.ts";
import type { BlobStore, CacheStore } from "../../engine/blob-store.ts";
import type { RunEvent, StepEnded } from "../../engine/event.ts";
import { digestOutputs, outputsOf } from "../../engine/files/outputs.ts";
import type { RunStore } from "../../engine/run-store.ts";
import { fixedPart, plainPath } from "../../pipeline/paths.ts";
import type { Plan, PlannedStep } from "../../pipeline/plan.ts";
import { blobsOf, type FoundPart } from "./handover-folder.ts";
import { mergeParts } from "./merge-parts.ts";
import type { PartHead, StepOutput } from "./part-file.ts";

export interface ImportContext {
  readonly plan: Plan;
  readonly runs: RunStore;
  readonly cache: CacheStore;
  readonly blobs: BlobStore;
}

export interface ImportedRun {
  /** The run so far, as the run store has it now. */
  readonly events: readonly RunEvent[];
  /** Step → what it put out last. */
  readonly outputs: ReadonlyMap<string, StepOutput>;
  readonly parts: readonly string[];
}

/**
 * Takes what other parts of the run left into the stores of this machine: events, manifests, blobs and what may be
 * cached. Importing the same parts again changes nothing. Throws HANDOVER_INCOMPLETE for what is torn or missing, and
 * HANDOVER_REFUSED for what belongs to another run, commit or version.
 */
export async function importParts(
  found: readonly FoundPart[],
  wanted: Omit<PartHead, "part" | "after">,
  context: ImportContext,
): Promise<ImportedRun> {
  const steps = new Map(allSteps(context.plan).map((step) => [step.name, step] as const));
  const problems = found.flatMap(({ part }) => [
    ...checkHead(part.head, wanted),
    ...checkTrigger(part, context.plan),
    ...checkResults(part, steps),
  ]);
  if (problems.length > 0) throw new ProblemError(problems);
  const merged = mergeParts(found.map(({ part }) => part));
  if (!merged.ok) throw new ProblemError(merged.error);
  // Blobs come before the entries and events that speak of them.
  const missing: Problem[] = [];
  for (const each of found) missing.push(...(await importBlobs(each, context.blobs)));
  if (missing.length > 0) throw new ProblemError(missing);
  const outputs = new Map<string, StepOutput>();
  for (const { part } of found) {
    for (const [digest, manifest] of part.manifests) await context.runs.saveManifest(digest, manifest);
    for (const result of part.results) await importEntry(result, wanted.runId, context.cache);
  }
  await context.cache.flush();
  for (const result of lastResults(merged.value, found)) outputs.set(result.step, result);
  await importEvents(merged.value, wanted.runId, context.runs);
  return { events: merged.value, outputs, parts: [...new Set(found.map(({ part }) => part.head.part))] };
}

function checkHead(head: PartHead, wanted: Omit<PartHead, "part" | "after">): readonly Problem[] {
  const names = ["runId", "project", "pipeline", "commit", "greenlightVersion"] as const;
  return names
    .filter((name) => head[name] !== wanted[name])
    .map((name) => {
      const message = `its ${name} is ${String(head[name])}, and not ${String(wanted[name])}`;
      return problem("HANDOVER_REFUSED", { place: `part ${head.part}`, message });
    });
}

/** What began the run decides which steps it has; a part may not say that it was something else. */
function checkTrigger({ head, events }: FoundPart["part"], plan: Plan): readonly Problem[] {
  const names = ["kind", "branch", "commit"] as const;
  const other = events.some(
    (event) => event.type === "run-started" && names.some((name) => event.trigger[name] !== plan.trigger[name]),
  );
  const message = "something else began its run than this one";
  return other ? [problem("HANDOVER_REFUSED", { place: `part ${head.part}`, message })] : [];
}

/** What a part says that its steps put out must be what its events say, and lie where the definition puts it. */
function checkResults(part: FoundPart["part"], steps: ReadonlyMap<string, PlannedStep>): readonly Problem[] {
  const ended = new Map<string, StepEnded>();
  for (const event of part.events) if (event.type === "step-ended") ended.set(event.step, event);
  return part.results.flatMap((result) => {
    const place = `part ${part.head.part}`;
    const event = ended.get(result.step);
    const isRecorded =
      event !== undefined &&
      event.manifestDigest === result.manifestDigest &&
      part.manifests.has(result.manifestDigest) &&
      canonicalJson(event.outputs) === canonicalJson(digestOutputs(result.outputs));
    if (!isRecorded) {
      const message = `what "${result.step}" put out is not what the part recorded`;
      return [problem("HANDOVER_INCOMPLETE", { place, message })];
    }
    if (isInPlace(result, steps.get(result.step))) return [];
    const message = `what "${result.step}" put out does not lie where the definition says`;
    return [problem("HANDOVER_REFUSED", { place, message })];
  });
}

function isInPlace(result: StepOutput, step: PlannedStep | undefined): boolean {
  if (step === undefined) return false;
  const declared = outputsOf(step);
  return Object.entries(result.outputs).every(
    ([name, files]) =>
      Object.hasOwn(declared, name) && files.every(({ path }) => isBelow(path, plainPath(declared[name] ?? ""))),
  );
}

/** True for what a plain path holds, and for what begins as a pattern does before its first wildcard. */
function isBelow(path: string, pattern: string): boolean {
  const home = fixedPart(pattern);
  if (home === "") return false;
  if (home === pattern) return path === home || path.startsWith(`${home}/`);
  return path.startsWith(pattern[home.length] === "/" ? `${home}/` : home);
}

async function importBlobs(found: FoundPart, blobs: BlobStore): Promise<readonly Problem[]> {
  const problems: Problem[] = [];
  const { head, results } = found.part;
  for (const digest of new Set(results.flatMap(blobsOf))) {
    const path = found.blobPath(digest);
    const stats = await lstat(path).catch(() => null);
    try {
      // A link could name any file of this machine.
      if (stats?.isFile() === true) await blobs.putFile(path, digest);
      else if (!(await blobs.verify(digest))) problems.push(lost(head.part, digest, "is missing"));
    } catch (error) {
      if (!(error instanceof ProblemError) || error.problems[0]?.code !== "SOURCE_CHANGED") throw error;
      problems.push(lost(head.part, digest, "is torn"));
    }
  }
  return problems;
}

function lost(part: string, digest: string, what: string): Problem {
  return problem("HANDOVER_INCOMPLETE", { place: `part ${part}`, message: `the file ${digest.slice(0, 12)} ${what}` });
}

async function importEntry(result: StepOutput, runId: string, cache: CacheStore): Promise<void> {
  if (!result.isCacheable || (await cache.get(result.manifestDigest)) !== null) return;
  const { step, durationMs, outputs, references, logDigest } = result;
  await cache.put(result.manifestDigest, { schema: 1, runId, step, durationMs, outputs, references, logDigest });
}

function allSteps(plan: Plan): readonly PlannedStep[] {
  return [...plan.stages.flatMap((stage) => stage.steps), ...plan.finally];
}

/** The result of a step's last success; a step that was repeated may have several. */
function lastResults(events: readonly RunEvent[], found: readonly FoundPart[]): readonly StepOutput[] {
  const last = new Map<string, StepEnded>();
  for (const event of events) if (event.type === "step-ended") last.set(event.step, event);
  return found
    .flatMap(({ part }) => part.results)
    .filter((result) => {
      const event = last.get(result.step);
      return event !== undefined && canonicalJson(event.outputs) === canonicalJson(digestOutputs(result.outputs));
    });
}

/** Adds what the run store does not have yet. A record that says something else is not overwritten. */
async function importEvents(events: readonly RunEvent[], runId: string, runs: RunStore): Promise<void> {
  const known = await runs.events(runId);
  const isPrefix =
    known.length <= events.length &&
    known.every((event, index) => canonicalJson(event) === canonicalJson(events[index]));
  if (!isPrefix) {
    const message = "this machine recorded something else of the run than what was handed over";
    const remedy = "give the run another id with --run, or hand over what this machine recorded as well";
    throw new ProblemError([problem("HANDOVER_REFUSED", { place: runId, message, remedy })]);
  }
  const further = events.slice(known.length);
  if (further.length > 0) await runs.append(...further);
}
