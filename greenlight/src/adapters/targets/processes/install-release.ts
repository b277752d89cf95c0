import { createHash } from "node:crypto";
import { constants, createReadStream } from "node:fs";
import { chmod, copyFile, mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";

import { writeDurably } from "../../../base/durable-file.ts";
import { problem, type Problem } from "../../../base/problem.ts";
import type { TargetRelease } from "../../../deployment/target.ts";
import type { ReleaseFile } from "../../../release/manifest.ts";
import { releaseFolder, type Place } from "./place.ts";

const COPIES_AT_ONCE = 8;
const WHOLE_READ_BYTES = 1024 * 1024;

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
  if (await isWhole(folder, files)) return [];
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
  await Promise.all(Array.from({ length: COPIES_AT_ONCE }, work));
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
  if ((await digestOf(to, file.sizeBytes)) === file.digest) return [];
  return [problem("RELEASE_INCOMPLETE", { place: file.path, message: "its content in the store was changed" })];
}

async function digestOf(path: string, sizeBytes: number): Promise<string> {
  const hash = createHash("sha256");
  if (sizeBytes <= WHOLE_READ_BYTES) hash.update(await readFile(path));
  else await pipeline(createReadStream(path, { highWaterMark: WHOLE_READ_BYTES }), hash);
  return hash.digest("hex");
}

/** The rename made it whole once; sizes tell whether somebody has taken from it since. */
async function isWhole(folder: string, files: readonly ReleaseFile[]): Promise<boolean> {
  for (const file of files) {
    const found = await stat(join(folder, file.path)).catch(() => null);
    if (found?.size !== file.sizeBytes) return false;
  }
  return true;
}
