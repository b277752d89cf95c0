import type { Blueprint } from "../../pipeline/blueprint.ts";
import { retentionOf } from "../../pipeline/retention-definition.ts";
import type { ListedRun } from "../runs/read-runs.ts";
import type { CleanPlan, Old, PlannedBlobs } from "./clean-plan.ts";
import { decideEntries } from "./decide-entries.ts";
import { decideRuns, type RunFacts } from "./decide-runs.ts";
import type { AskedEnvironments } from "./environment-facts.ts";
import type { Holdings } from "./holdings.ts";
import { readBlobs, readResults, type FoundBlobs, type ResultFacts } from "./read-results.ts";
import { Reasons, type Reason } from "./reasons.ts";
import { releasesInUse, type ReleaseInUse } from "./releases-in-use.ts";
import { deploymentReportFolders, reportFolders, runFolders, strangersAtTop, type OwnedFolder } from "./state-files.ts";

/** What is younger may just be on its way in, by a deployment without a run, say: nothing refers to it yet. */
const GRACE_MS = 10 * 60_000;

export interface CleanFacts {
  readonly stateFolder: string;
  readonly blueprint: Blueprint;
  /** Newest first. */
  readonly runs: readonly ListedRun[];
  /** Runs of which the shared store lacks something. */
  readonly unsent: readonly string[];
  readonly asked: AskedEnvironments;
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/** Works out what is in use, from the roots on, and what is not. Changes nothing. */
export async function makeCleanPlan(holdings: Holdings, facts: CleanFacts): Promise<CleanPlan> {
  const { blueprint, asked, now } = facts;
  const policy = retentionOf(blueprint.retention);
  const runs = facts.runs.map((run) => ({ ...run, state: run.outcome }));
  const results = readResults(holdings);
  const blobs = readBlobs(holdings);
  const inUse = releasesInUse(asked.facts, policy.releases.keep);
  const releases = withUnasked(inUse, results.sound, asked);

  const base = holdings.runs.lastSuccesses().filter(isDefinedIn(blueprint));
  const neededRuns = new Reasons();
  for (const { runId, step } of base) neededRuns.add(runId, "last-success", step);
  for (const runId of facts.unsent) neededRuns.add(runId, "unsent", runId);
  for (const { releaseId, runIds } of releases) {
    const bundlers = results.sound.filter((each) => each.releaseId === releaseId).map(({ runId }) => runId);
    for (const runId of new Set([...runIds, ...bundlers])) neededRuns.add(runId, "release", releaseId);
  }
  const decided = decideRuns(runs, { policy: policy.runs, now, needed: neededRuns });

  const neededResults = new Reasons();
  const keptIds = new Set(releases.map(({ releaseId }) => releaseId));
  for (const { manifestDigest, step } of base) neededResults.add(manifestDigest, "last-success", step);
  for (const each of results.sound) {
    if (each.releaseId !== null && keptIds.has(each.releaseId)) neededResults.add(each.key, "release", each.releaseId);
  }
  const reached = new Set<string>();
  // By the runs that stay: what the others used counts as little the next time, and this is to come to rest at once.
  const uses = new Map<string, number>();
  for (const run of decided.kept) {
    const kind = whyWhole(run, facts.unsent);
    for (const { manifestDigest, logDigest, endedAt } of holdings.runs.stepEnds(run.id)) {
      if (manifestDigest !== null) uses.set(manifestDigest, Math.max(endedAt, uses.get(manifestDigest) ?? 0));
      if (kind !== null) neededResults.add(manifestDigest, kind, run.id);
      if (logDigest !== null) reached.add(logDigest);
    }
  }
  const { sizeOf } = blobs;
  const used = results.sound.map((each) => ({ ...each, lastUsedAt: Math.max(each.madeAt, uses.get(each.key) ?? 0) }));
  const entries = decideEntries(used, { policy: policy.cache, now, needed: neededResults, sizeOf });
  for (const entry of entries.kept) for (const digest of entry.blobs) reached.add(digest);
  for (const digest of await filesOf(inUse, asked)) reached.add(digest);

  const sizes = holdings.runs.sizes();
  const keptReleases = new Set(entries.kept.map(({ releaseId }) => releaseId));
  const owned = ownedFolders(facts, new Set(decided.kept.map(({ id }) => id)), decided.removed);
  return {
    runs: {
      removed: decided.removed.map(({ id, pipeline, startedAt, outcome }) => ({ id, pipeline, startedAt, outcome })),
      keptCount: decided.kept.length,
      keptOld: decided.keptOld.map(({ run, why }) => ({ what: run.id, why })),
      bytes: decided.removed.reduce((sum, { id }) => sum + (sizes.get(id) ?? 0), 0),
    },
    results: {
      removed: [...entries.removed, ...results.torn].map(({ key }) => key),
      keptCount: entries.kept.length,
      keptOld: entries.keptOld.map(({ entry, why }): Old => ({ what: entry.step, why })),
      bytes: [...entries.removed, ...results.torn].reduce((sum, { bytes }) => sum + bytes, 0),
    },
    releases: {
      kept: releases.map(({ releaseId, why }) => ({ releaseId, why })),
      removed: [
        ...new Set(entries.removed.flatMap(({ releaseId: id }) => (id === null || keptReleases.has(id) ? [] : [id]))),
      ],
    },
    blobs: planBlobs(blobs, reached, now),
    folders: owned.folders,
    strangers: [
      ...strangersAtTop(facts.stateFolder),
      ...owned.strangers,
      ...blobs.files.filter(({ kind }) => kind === "stranger").map(({ path }) => path),
    ],
  };
}

/** Where an environment can't tell what it has, every release may be what it needs. */
function withUnasked(
  inUse: readonly ReleaseInUse[],
  results: readonly ResultFacts[],
  { problems }: AskedEnvironments,
): readonly ReleaseInUse[] {
  if (problems.length === 0) return inUse;
  const known = new Set(inUse.map(({ releaseId }) => releaseId));
  const others = new Set(results.flatMap(({ releaseId: id }) => (id === null || known.has(id) ? [] : [id])));
  const why = ["perhaps in use where nobody could ask"];
  return [...inUse, ...[...others].map((releaseId) => ({ releaseId, digest: null, why, runIds: [] }))];
}

/** What the definition no longer has will hardly be asked why it ran. */
function isDefinedIn({ pipelines }: Blueprint): (at: { readonly pipeline: string; readonly step: string }) => boolean {
  const names = new Map(
    Object.entries(pipelines).map(([name, { stages, finally: last }]) => {
      const steps = [...stages.flatMap((stage) => stage.steps), ...last];
      return [name, new Set(steps.map((step) => step.name))];
    }),
  );
  return ({ pipeline, step }) => {
    const known = names.get(pipeline);
    // A combination of a matrix is named "step (value)".
    return known?.has(step) === true || known?.has(step.replace(/ \(.*\)$/su, "")) === true;
  };
}

/** Runs that may still go on need the results that they have come to; null: this one does not. */
function whyWhole({ id, state }: RunFacts, unsent: readonly string[]): Reason["kind"] | null {
  if (state === "running" || state === "waiting") return state;
  if (state === "interrupted") return "resumable";
  return unsent.includes(id) ? "unsent" : null;
}

async function filesOf(inUse: readonly ReleaseInUse[], { environments }: AskedEnvironments): Promise<Set<string>> {
  const digests = new Set<string>();
  for (const { digest } of inUse) {
    if (digest === null) continue;
    for (const environment of environments) {
      const manifest = await environment.readRelease(digest);
      for (const file of manifest?.files ?? []) digests.add(file.digest);
      if (manifest !== null) break;
    }
  }
  return digests;
}

function planBlobs(blobs: FoundBlobs, reached: ReadonlySet<string>, now: number): PlannedBlobs {
  const all = blobs.files.filter(({ kind }) => kind !== "stranger");
  const loose = all.filter(({ digest }) => !reached.has(digest));
  const small = [...blobs.small.keys()].filter((digest) => !reached.has(digest));
  const files = loose.filter(({ modifiedAt }) => modifiedAt <= now - GRACE_MS);
  const bytes = totalOf(small.map((digest) => blobs.small.get(digest) ?? 0)) + totalOf(files.map((file) => file.bytes));
  return {
    small,
    files,
    bytes,
    youngCount: loose.length - files.length,
    keptCount: blobs.small.size + all.length - small.length - files.length,
    keptBytes: totalOf([...blobs.small.values()]) + totalOf(all.map((file) => file.bytes)) - bytes,
  };
}

function totalOf(sizes: readonly number[]): number {
  return sizes.reduce((total, bytes) => total + bytes, 0);
}

function ownedFolders(
  { stateFolder, asked, now }: CleanFacts,
  kept: ReadonlySet<string>,
  removed: readonly { readonly id: string }[],
): { readonly folders: readonly OwnedFolder[]; readonly strangers: readonly string[] } {
  const gone = new Set(removed.map(({ id }) => id));
  const [logs, reports, deployments] = [runFolders, reportFolders, deploymentReportFolders].map((list) =>
    list(stateFolder),
  );
  const isOver = ({ id, modifiedAt }: OwnedFolder): boolean =>
    gone.has(id) || (!kept.has(id) && modifiedAt <= now - GRACE_MS);
  const recorded = new Set(asked.facts.flatMap(({ history }) => history.map(({ id }) => id)));
  const isForgotten = ({ id, modifiedAt }: OwnedFolder): boolean =>
    asked.problems.length === 0 && !recorded.has(id) && modifiedAt <= now - GRACE_MS;
  return {
    folders: [
      ...(logs?.owned ?? []).filter(isOver),
      ...(reports?.owned ?? []).filter(isOver),
      ...(deployments?.owned ?? []).filter(isForgotten),
    ],
    strangers: [logs, reports, deployments].flatMap((each) => each?.strangers ?? []),
  };
}
