import { readFileSync, rmSync, type BigIntStats } from "node:fs";
import { join } from "node:path";

import { digestBytes, digestText } from "../../base/file-digest.ts";
import { canonicalJson } from "../../base/json.ts";
import { problem, type Problem } from "../../base/problem.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { PlannedStep } from "../../pipeline/plan.ts";
import type { CachedFile } from "../blob-store.ts";
import { digestIndexed, remember, SMALL_BYTES } from "./digest-indexed.ts";
import { linkStatsOf, statsOf } from "./file-stats.ts";
import { isPattern } from "./find-files.ts";
import { forEachLimited } from "./input-files.ts";
import { refuseLinkOutside } from "./link-outside.ts";
import { listOutput } from "./output-files.ts";
import type { ProjectTree } from "./project-tree.ts";
import { identityOf, type StatIndex } from "./stat-index.ts";

export type OutputFiles = Readonly<Record<string, readonly CachedFile[]>>;

export interface OutputPlace {
  readonly folder: string;
  readonly index: StatIndex;
  readonly tree: ProjectTree;
  /** The step, for problems. */
  readonly place: string;
}

/** The declared outputs and the evidence files of a step, by name. Evidence is cached, but no need depends on it. */
export function outputsOf(step: PlannedStep): Readonly<Record<string, string>> {
  if (step.evidence.length === 0) return step.outputs;
  const all: Record<string, string> = { ...step.outputs };
  const declared = new Set(Object.values(step.outputs));
  for (const source of step.evidence) if (!declared.has(source.path)) all[`evidence:${source.path}`] = source.path;
  return all;
}

/** Removes what an earlier execution left, so that nothing stale is taken for a result. */
export async function removeOutputs(
  options: Pick<OutputPlace, "folder" | "tree">,
  outputs: Readonly<Record<string, string>>,
): Promise<void> {
  for (const pattern of Object.values(outputs)) {
    refuseLinkOutside(options, pattern);
    const path = join(options.folder, pattern);
    if (!isPattern(pattern) || linkStatsOf(path) !== undefined) {
      rmSync(path, { recursive: true, force: true });
    } else {
      for (const file of (await listOutput(options.folder, pattern)).files)
        rmSync(join(options.folder, file), { force: true });
    }
  }
}

/** Small files that were just read, by digest, so that storing them need not read them again. */
export type ReadContents = Map<string, Buffer>;
const MAX_CONTENTS = 64;

/** Finds and digests every output. Each one that holds no file, or something else than files, is a problem. */
export async function collectOutputs(
  options: OutputPlace,
  outputs: Readonly<Record<string, string>>,
  contents: ReadContents | null = null,
): Promise<Result<OutputFiles, readonly Problem[]>> {
  const collected: Record<string, readonly CachedFile[]> = {};
  const problems: Problem[] = [];
  for (const [name, pattern] of Object.entries(outputs)) {
    const place = `${options.place}.outputs.${name}`;
    const { files, refused } = await listOutput(options.folder, pattern);
    for (const { code, message } of refused) problems.push(problem(code, { place, message }));
    if (files.length === 0 && refused.length === 0)
      problems.push(problem("OUTPUT_MISSING", { place, message: `nothing was written to ${pattern}` }));
    const found: CachedFile[] = [];
    const large: (() => Promise<void>)[] = [];
    for (const path of files) {
      const absolute = join(options.folder, path);
      const stats = statsOf(absolute);
      // Reading a pipe would wait for ever.
      if (stats?.isFile() !== true) {
        const what = stats === undefined ? "is a link to nothing" : "is no regular file";
        problems.push(problem("OUTPUT_NO_FILE", { place, message: `${path} ${what}` }));
        continue;
      }
      const isExecutable = (stats.mode & 0o111n) !== 0n;
      if (stats.size > BigInt(SMALL_BYTES)) {
        large.push(async () => {
          found.push({ path, digest: await digestIndexed(absolute, options.index, stats), isExecutable });
        });
      } else found.push({ path, digest: digestSmall(absolute, stats, options.index, contents), isExecutable });
    }
    await forEachLimited(large, 4, (work) => work());
    collected[name] = large.length === 0 ? found : found.toSorted((left, right) => (left.path < right.path ? -1 : 1));
  }
  return problems.length > 0 ? err(problems) : ok(collected);
}

function digestSmall(path: string, stats: BigIntStats, index: StatIndex, contents: ReadContents | null): string {
  const identity = identityOf(stats);
  const known = index.get(path);
  if (known?.identity === identity) return known.digest;
  const bytes = readFileSync(path);
  const digest = digestBytes(bytes);
  remember(path, index, { identity, digest });
  if (contents !== null && contents.size < MAX_CONTENTS) contents.set(digest, bytes);
  return digest;
}

/** Output name → one digest over paths and contents; evidence files are left out. */
export function digestOutputs(files: OutputFiles): Record<string, string> {
  const digests: Record<string, string> = {};
  for (const [name, each] of Object.entries(files)) {
    if (!name.startsWith("evidence:")) digests[name] = digestText(canonicalJson(each));
  }
  return digests;
}
