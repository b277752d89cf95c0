import { constants } from "node:fs";
import { chmod, copyFile, mkdir, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";

import { writeDurably } from "../../../base/durable-file.ts";
import { digestFile } from "../../../base/file-digest.ts";
import { problem, type Problem } from "../../../base/problem.ts";
import type { TargetRelease } from "../../../deployment/target.ts";
import type { ReleaseFile } from "../../../release/manifest.ts";
import { releaseFolder, type Place } from "./place.ts";

const FILES_AT_ONCE = 8;

/**
 * Copies a release's files out of the blobs: into a temporary folder, each compared with its digest, then renamed in one
 * go. A file system that can clones instead of copying. Idempotent; a release that is there and whole is left alone.
 */
export async function installRelease(
  place: Place,
  release: TargetRelease,
  signal: AbortSignal,
): Promise<readonly Problem[]> {
  const folder = releaseFolder(place, release.digest);
  const { files } = release.manifest;
  if (await isWhole(folder, files, signal)) return [];
  const temporary = join(place.paths.releases, `.installing-${release.digest.slice(0, 12)}-${process.pid}`);
  try {
    await rm(temporary, { recursive: true, force: true });
    await makeFolders(temporary, files);
    const problems = await copyAll({ temporary, release, place, signal });
    if (problems.length > 0) return problems;
    await writeDurably(`${folder}.json`, JSON.stringify(release.manifest));
    await rm(folder, { recursive: true, force: true });
    await rename(temporary, folder);
    return [];
  } catch (error) {
    return [problem("STORE_UNWRITABLE", { place: place.paths.releases, message: (error as Error).message })];
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function makeFolders(root: string, files: readonly ReleaseFile[]): Promise<void> {
  await mkdir(root, { recursive: true, mode: 0o700 });
  const folders = new Set(files.map((file) => dirname(join(root, file.path))));
  for (const folder of folders) await mkdir(folder, { recursive: true });
}

async function copyAll(copy: {
  readonly temporary: string;
  readonly release: TargetRelease;
  readonly place: Place;
  readonly signal: AbortSignal;
}): Promise<readonly Problem[]> {
  const { release, temporary, signal, place } = copy;
  const problems: Problem[] = [];
  const waiting = release.manifest.files.values();
  const work = async (): Promise<void> => {
    for (const file of waiting) {
      if (signal.aborted || problems.length > 0) return;
      problems.push(...(await copyFileVerified(release.blobPath(file.digest), join(temporary, file.path), file)));
    }
  };
  await Promise.all(Array.from({ length: FILES_AT_ONCE }, work));
  if (signal.aborted) return [problem("DEPLOYMENT_FAILED", { place: place.name, message: "cancelled while copying" })];
  return problems;
}

async function copyFileVerified(from: string, to: string, file: ReleaseFile): Promise<readonly Problem[]> {
  try {
    await copyFile(from, to, constants.COPYFILE_FICLONE);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    return [problem("RELEASE_INCOMPLETE", { place: file.path, message: "its content is missing from the store" })];
  }
  await chmod(to, file.isExecutable ? 0o755 : 0o644);
  if ((await digestFile(to)) === file.digest) return [];
  return [problem("RELEASE_INCOMPLETE", { place: file.path, message: "its content in the store was changed" })];
}

/** The rename made it whole once; its digests tell whether somebody has changed it since. */
async function isWhole(folder: string, files: readonly ReleaseFile[], signal: AbortSignal): Promise<boolean> {
  let areSame = true;
  const waiting = files.values();
  const work = async (): Promise<void> => {
    for (const file of waiting) {
      if (!areSame || signal.aborted) return;
      if (!(await isUnchanged(join(folder, file.path), file))) areSame = false;
    }
  };
  await Promise.all(Array.from({ length: FILES_AT_ONCE }, work));
  return areSame && !signal.aborted;
}

async function isUnchanged(path: string, file: ReleaseFile): Promise<boolean> {
  try {
    const found = await stat(path);
    if (found.size !== file.sizeBytes) return false;
    if (process.platform !== "win32" && ((found.mode & 0o100) !== 0) !== file.isExecutable) return false;
    return (await digestFile(path)) === file.digest;
  } catch {
    return false;
  }
}
