import { existsSync } from "node:fs";
import { realpath, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

import { escapePath, isDynamicPattern } from "tinyglobby";

import { digestText } from "../base/file-digest.ts";
import { canonicalJson } from "../base/json.ts";
import { problem, ProblemError, type Problem } from "../base/problem.ts";
import { err, ok, type Result } from "../base/result.ts";
import type { PlannedStep } from "../pipeline/plan.ts";
import type { BlobStore, CachedFile } from "./blob-store.ts";
import { digestIndexed, findFiles, forEachLimited, isOutside } from "./input-files.ts";
import type { StatIndex } from "./stat-index.ts";

export type OutputFiles = Readonly<Record<string, readonly CachedFile[]>>;

/** The declared outputs and the evidence files of a step, by name. Evidence is cached, but no need depends on it. */
export function outputsOf(step: PlannedStep): Record<string, string> {
  const all: Record<string, string> = { ...step.outputs };
  const declared = new Set(Object.values(step.outputs));
  for (const source of step.evidence) if (!declared.has(source.path)) all[`evidence:${source.path}`] = source.path;
  return all;
}

/** Removes what an earlier execution left, so that nothing stale is taken for a result. */
export async function removeOutputs(folder: string, outputs: Readonly<Record<string, string>>): Promise<void> {
  for (const pattern of Object.values(outputs)) {
    await refuseLinkOutside(folder, pattern);
    if (!isDynamicPattern(pattern) || existsSync(join(folder, pattern)))
      await rm(join(folder, pattern), { recursive: true, force: true });
    else for (const file of await findFiles(folder, [pattern])) await rm(join(folder, file), { force: true });
  }
}

/** Finds and digests every output. Each one that holds no file is a problem. */
export async function collectOutputs(
  options: { readonly folder: string; readonly index: StatIndex; readonly place: string },
  outputs: Readonly<Record<string, string>>,
): Promise<Result<OutputFiles, readonly Problem[]>> {
  const collected: Record<string, CachedFile[]> = {};
  const problems: Problem[] = [];
  for (const [name, pattern] of Object.entries(outputs)) {
    const files = await filesOf(options.folder, pattern);
    if (files.length === 0) {
      problems.push(
        problem("OUTPUT_MISSING", {
          place: `${options.place}.outputs.${name}`,
          message: `nothing was written to ${pattern}`,
        }),
      );
    }
    const found: CachedFile[] = [];
    await forEachLimited(files, 16, async (path) => {
      const absolute = join(options.folder, path);
      found.push({
        path,
        digest: await digestIndexed(absolute, options.index),
        isExecutable: await isExecutable(absolute),
      });
    });
    collected[name] = found.toSorted((left, right) => (left.path < right.path ? -1 : 1));
  }
  return problems.length > 0 ? err(problems) : ok(collected);
}

/** Puts the files back: only those that differ are written; what else lies in an output's place is removed. */
export async function restoreOutputs(
  options: { readonly folder: string; readonly index: StatIndex; readonly blobs: BlobStore },
  outputs: Readonly<Record<string, string>>,
  files: OutputFiles,
): Promise<boolean> {
  const wanted = new Map(Object.values(files).flatMap((each) => each.map((file) => [file.path, file] as const)));
  const missing: CachedFile[] = [];
  for (const file of wanted.values()) {
    const path = join(options.folder, file.path);
    const digest = await digestIndexed(path, options.index).catch(() => null);
    if (digest !== file.digest || (await isExecutable(path)) !== file.isExecutable) missing.push(file);
  }
  // All blobs must be there before the first file is touched: a half restored output helps nobody.
  for (const file of missing) if (!(await options.blobs.has(file.digest))) return false;
  for (const pattern of Object.values(outputs)) {
    for (const path of await filesOf(options.folder, pattern)) {
      if (!wanted.has(path)) await rm(join(options.folder, path), { force: true });
    }
  }
  for (const file of missing) {
    await clearPlace(join(options.folder, file.path));
    if (!(await options.blobs.copyTo(file.digest, join(options.folder, file.path), file))) return false;
  }
  return true;
}

/** Output name → one digest over paths and contents; evidence files are left out. */
export function digestOutputs(files: OutputFiles): Record<string, string> {
  return Object.fromEntries(
    Object.entries(files)
      .filter(([name]) => !name.startsWith("evidence:"))
      .map(([name, each]) => [name, digestText(canonicalJson(each))]),
  );
}

/** An output behind a link that leads out of the project is neither removed nor written. */
async function refuseLinkOutside(folder: string, pattern: string): Promise<void> {
  const home = await realpath(folder);
  let path = folder;
  for (const part of dirname(pattern).split("/")) {
    path = join(path, part);
    const real = await realpath(path).catch(() => null);
    if (real === null) return;
    if (isOutside(home, real)) {
      throw new ProblemError([
        problem("STEP_OUTPUT_OUTSIDE", { place: pattern, message: `${path} is a link that leads out of the project` }),
      ]);
    }
  }
}

/** A folder in the place of an output file would make its rename fail. */
async function clearPlace(path: string): Promise<void> {
  const stats = await stat(path).catch(() => null);
  if (stats?.isDirectory() === true) await rm(path, { recursive: true });
}

async function isExecutable(path: string): Promise<boolean> {
  return ((await stat(path)).mode & 0o111) !== 0;
}

async function filesOf(folder: string, pattern: string): Promise<string[]> {
  if (isDynamicPattern(pattern) && !existsSync(join(folder, pattern))) return findFiles(folder, [pattern]);
  const path = pattern.replace(/^\.\//u, "").replace(/\/$/u, "");
  const stats = await stat(join(folder, path)).catch(() => null);
  if (stats === null) return [];
  return stats.isDirectory() ? findFiles(folder, [`${isDynamicPattern(path) ? escapePath(path) : path}/**`]) : [path];
}
