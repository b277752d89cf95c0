import { rmSync } from "node:fs";
import { join } from "node:path";

import type { BlobStore, CachedFile } from "../blob-store.ts";
import { digestIndexed } from "./digest-indexed.ts";
import { linkStatsOf, statsOf } from "./file-stats.ts";
import { isPattern } from "./find-files.ts";
import { forEachLimited } from "./input-files.ts";
import { refuseLinkOutside } from "./link-outside.ts";
import { listOutput } from "./output-files.ts";
import type { OutputFiles, OutputPlace } from "./outputs.ts";
import { leadsOutside } from "./project-tree.ts";

type Place = Omit<OutputPlace, "place"> & { readonly blobs: BlobStore };

/**
 * Puts the files back: only those that differ are written; what else lies in an output's place is removed. False when
 * a blob is missing or damaged, or the files are not those of these outputs: then the step has to run.
 */
export async function restoreOutputs(
  options: Place,
  outputs: Readonly<Record<string, string>>,
  files: OutputFiles,
): Promise<boolean> {
  const missing: CachedFile[] = [];
  const others: string[] = [];
  for (const [name, pattern] of Object.entries(outputs)) {
    const wanted = files[name] ?? [];
    if (!isOf(pattern, wanted)) return false;
    refuseLinkOutside(options, pattern);
    const listed = await listOthers(pattern, wanted, options);
    if (listed !== null) others.push(...listed.others);
    for (const file of wanted) {
      const isListed = listed === null || listed.there.has(file.path);
      if (!isListed || !(await isInPlace(file, options))) missing.push(file);
    }
  }
  // All blobs must be there before the first file is touched: a half restored output helps nobody.
  for (const file of missing) if (!(await options.blobs.has(file.digest))) return false;
  for (const path of others) rmSync(join(options.folder, path), { force: true });
  let isWhole = true;
  await forEachLimited(missing, 8, async (file) => {
    if (!(await restoreFile(file, options))) isWhole = false;
  });
  return isWhole;
}

/** True for files that an output of that pattern can have held. An entry must not write anywhere else. */
function isOf(pattern: string, files: readonly CachedFile[]): boolean {
  if (files.length === 0) return false;
  const own = pattern.replace(/^(?:\.\/)+/u, "").replace(/\/+$/u, "");
  const fixed = isPattern(own) ? own.slice(0, own.search(/[*?[\]{}()!+@\\]/u)) : null;
  return files.every(
    ({ path }) => path === own || path.startsWith(`${own}/`) || (fixed !== null && path.startsWith(fixed)),
  );
}

async function isInPlace(file: CachedFile, options: Place): Promise<boolean> {
  const path = join(options.folder, file.path);
  let stats = linkStatsOf(path);
  if (stats?.isSymbolicLink() === true) {
    stats = statsOf(path);
    if (stats === undefined || leadsOutside(path, options.folder, options.tree, true)) return false;
  }
  if (stats?.isFile() !== true || ((stats.mode & 0o111n) !== 0n) !== file.isExecutable) return false;
  return (await digestIndexed(path, options.index, stats)) === file.digest;
}

/** What lies in the output's place, and what of it does not belong there. Null: one plain file, which has room for nothing else. */
async function listOthers(
  pattern: string,
  files: readonly CachedFile[],
  options: Place,
): Promise<{ readonly there: ReadonlySet<string>; readonly others: readonly string[] } | null> {
  if (files.length === 1 && files[0]?.path === pattern && !isPattern(pattern)) return null;
  const wanted = new Set(files.map((file) => file.path));
  const { files: there, refused } = await listOutput(options.folder, pattern);
  const others = there.filter((path) => !wanted.has(path));
  return { there: new Set(there), others: [...refused.map((each) => each.path), ...others] };
}

/** False when the blob does not hold what it should, or something that is no part of the output stands in the way. */
async function restoreFile(file: CachedFile, { folder, blobs }: Place): Promise<boolean> {
  const path = join(folder, file.path);
  // A folder in the place of an output file would make its rename fail.
  if (linkStatsOf(path)?.isDirectory() === true) rmSync(path, { recursive: true });
  try {
    return await blobs.copyTo(file.digest, path, file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOTDIR" || code === "EEXIST") return false;
    throw error;
  }
}
