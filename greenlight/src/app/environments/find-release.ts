import { readFile } from "node:fs/promises";

import { problem, ProblemError } from "../../base/problem.ts";
import type { Environment } from "../../deployment/environment.ts";
import type { CacheStore, BlobStore } from "../../engine/blob-store.ts";
import { isSuccess } from "../../engine/outcome.ts";
import type { RunStore } from "../../engine/run-store.ts";
import { viewRun, type StepView } from "../../engine/run-view.ts";
import type { ReleaseManifest } from "../../release/manifest.ts";
import { readManifest } from "../../release/read-manifest.ts";
import { releaseDigest, releaseId } from "../../release/release-digest.ts";

export interface FoundRelease {
  readonly manifest: ReleaseManifest;
  readonly digest: string;
  readonly releaseId: string;
  /** Null: not known. */
  readonly commit: string | null;
}

interface Sources {
  readonly runs: RunStore;
  readonly cache: CacheStore;
  readonly blobs: BlobStore;
  /** Where releases were deployed. */
  readonly environments: readonly Environment[];
}

interface Candidate {
  readonly releaseId: string;
  readonly digest: string;
  readonly commit: string | null;
  /** Null: nothing is kept of it. */
  manifest(): Promise<ReleaseManifest | null>;
}

/** How many runs and deployments are looked through. */
const LOOK_BACK = 200;

/**
 * The release that was named by its id, or by the beginning of its id or digest, among those that a run bundled or an
 * environment was given; the newest bundled one when none was named. Throws RELEASE_UNKNOWN.
 */
export async function findRelease(sources: Sources, named: string | undefined): Promise<FoundRelease> {
  const isWanted = ({ releaseId: id, digest }: Candidate): boolean =>
    named === undefined || (named !== "" && (id.startsWith(named) || digest.startsWith(named)));
  const bundled = await newestBundled(sources, isWanted, named === undefined);
  const deployed = named === undefined ? [] : (await deployedReleases(sources)).filter(isWanted);
  const matching = [...deployed, ...bundled];
  const digests = new Set(matching.map(({ digest }) => digest));
  const place = named ?? "release";
  if (digests.size === 0) {
    const message =
      named === undefined ? "no run has bundled a release yet" : "no run bundled it, and no environment had it";
    throw new ProblemError([problem("RELEASE_UNKNOWN", { place, message })]);
  }
  if (digests.size > 1) {
    const told = [...new Set(matching.map((each) => each.releaseId))].join(", ");
    throw new ProblemError([
      problem("RELEASE_UNKNOWN", { place, message: `it may be ${told}`, remedy: "give more of its id" }),
    ]);
  }
  return firstKept(matching, place);
}

/** The manifest of a release that an environment had, from there or from the run that bundled it. Throws RELEASE_INCOMPLETE. */
export async function readRelease(
  sources: Sources,
  wanted: { readonly digest: string; readonly releaseId: string },
): Promise<FoundRelease> {
  for (const environment of sources.environments) {
    const manifest = await environment.readRelease(wanted.digest);
    if (manifest !== null) return found(manifest, null);
  }
  const bundled = await newestBundled(sources, ({ digest }) => digest === wanted.digest, true);
  return firstKept(bundled, wanted.releaseId);
}

async function firstKept(candidates: readonly Candidate[], place: string): Promise<FoundRelease> {
  for (const candidate of candidates) {
    const manifest = await candidate.manifest();
    if (manifest !== null) return found(manifest, candidate.commit);
  }
  const message = "neither an environment nor the store has kept what it consists of";
  const remedy = "check out its commit and run the pipeline again, which bundles the same release";
  throw new ProblemError([problem("RELEASE_INCOMPLETE", { place, message, remedy })]);
}

async function deployedReleases({ environments }: Sources): Promise<readonly Candidate[]> {
  const lists = await Promise.all(
    environments.map(async (environment) =>
      (await environment.history(LOOK_BACK)).map(({ releaseId: id, digest, commit = null }) => ({
        releaseId: id,
        digest,
        commit,
        manifest: () => environment.readRelease(digest),
      })),
    ),
  );
  return lists.flat();
}

/** Newest first; only the first of them with `isEnough`. */
async function newestBundled(
  { runs, cache, blobs }: Sources,
  isWanted: (candidate: Candidate) => boolean,
  isEnough: boolean,
): Promise<readonly Candidate[]> {
  const all: Candidate[] = [];
  for (const { id } of await runs.runs(LOOK_BACK)) {
    const view = viewRun(await runs.events(id));
    const steps = view?.stages.flatMap((stage) => stage.steps) ?? [];
    for (const step of steps) {
      const candidate = bundledBy(step, view?.trigger.commit ?? null, () => manifestOf(step, { cache, blobs }));
      if (candidate !== null && isWanted(candidate)) all.push(candidate);
    }
    if (isEnough && all.length > 0) return all;
  }
  return all;
}

function bundledBy(step: StepView, commit: string | null, manifest: Candidate["manifest"]): Candidate | null {
  const evidence = step.evidence.find((each) => each.kind === "release");
  const isBundled = step.outcome !== "pending" && step.outcome !== "running" && isSuccess(step.outcome);
  if (evidence === undefined || !isBundled) return null;
  const { releaseId: id, digest } = evidence;
  return { releaseId: id, digest, commit, manifest };
}

/** The step's output `release`, as the cache has kept it. */
async function manifestOf(
  { manifestDigest }: StepView,
  { cache, blobs }: Pick<Sources, "cache" | "blobs">,
): Promise<ReleaseManifest | null> {
  const entry = manifestDigest === null ? null : await cache.get(manifestDigest);
  const file = entry?.outputs["release"]?.[0];
  const path = file === undefined ? null : await blobs.localPath(file.digest);
  if (path === null) return null;
  const read = readManifest(await readFile(path, "utf8"), path);
  return read.ok ? read.value : null;
}

function found(manifest: ReleaseManifest, commit: string | null): FoundRelease {
  return { manifest, digest: releaseDigest(manifest), releaseId: releaseId(manifest), commit };
}
