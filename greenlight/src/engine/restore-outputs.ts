import { lstatSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";

import type { BlobStore, CachedFile } from "./blob-store.ts";
import { digestIndexed } from "./digest-indexed.ts";
import { forEachLimited, isPattern } from "./input-files.ts";
import { filesOf, refuseLinkOutside, type OutputFiles, type OutputPlace } from "./outputs.ts";

/**
 * Puts the files back: only those that differ are written; what else lies in an output's place is removed. False when
 * a blob is missing or damaged: then the step has to run.
 */
export async function restoreOutputs(
  options: Omit<OutputPlace, "place"> & { readonly blobs: BlobStore },
  outputs: Readonly<Record<string, string>>,
  files: OutputFiles,
): Promise<boolean> {
  const missing: CachedFile[] = [];
  for (const each of Object.values(files)) {
    for (const file of each) if (!(await isInPlace(file, options))) missing.push(file);
  }
  // All blobs must be there before the first file is touched: a half restored output helps nobody.
  for (const file of missing) if (!(await options.blobs.has(file.digest))) return false;
  for (const [name, pattern] of Object.entries(outputs)) {
    refuseLinkOutside(options, pattern);
    await removeOthers(pattern, files[name] ?? [], options);
  }
  let isWhole = true;
  await forEachLimited(missing, 8, async (file) => {
    const path = join(options.folder, file.path);
    clearPlace(path);
    if (!(await options.blobs.copyTo(file.digest, path, file))) isWhole = false;
  });
  return isWhole;
}

async function isInPlace(file: CachedFile, options: Pick<OutputPlace, "folder" | "index">): Promise<boolean> {
  const path = join(options.folder, file.path);
  const stats = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (stats?.isFile() !== true || ((stats.mode & 0o111n) !== 0n) !== file.isExecutable) return false;
  return (await digestIndexed(path, options.index, stats)) === file.digest;
}

async function removeOthers(
  pattern: string,
  files: readonly CachedFile[],
  options: Pick<OutputPlace, "folder">,
): Promise<void> {
  const only = files[0];
  // One plain file in its own place: there is nothing else that could lie there.
  if (files.length === 1 && only?.path === pattern && !isPattern(pattern)) return;
  const wanted = new Set(files.map((file) => file.path));
  for (const path of await filesOf(options.folder, pattern)) {
    if (!wanted.has(path)) rmSync(join(options.folder, path), { force: true });
  }
}

/** A folder in the place of an output file would make its rename fail. */
function clearPlace(path: string): void {
  if (lstatSync(path, { throwIfNoEntry: false })?.isDirectory() === true) rmSync(path, { recursive: true });
}
