import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";

import { digestText } from "../../base/file-digest.ts";
import { lockClosure, type PackageLock } from "../../base/lock-closure.ts";
import type { PackageScope } from "../../pipeline/definition.ts";
import { digestIndexed } from "../files/digest-indexed.ts";
import { findFiles } from "../files/find-files.ts";
import type { StatIndex } from "../files/stat-index.ts";

/** The lock file that governs a folder: the nearest one upward; null when there is none. */
export function findLockFile(folder: string): string | null {
  for (let here = folder; ; here = dirname(here)) {
    const path = join(here, "package-lock.json");
    if (existsSync(path)) return path;
    if (dirname(here) === here) return null;
  }
}

/**
 * Version and integrity of the packages that count as input of a step in `folder`, by their place in the lock.
 * Null: there is no readable lock file, so the packages can't be known.
 */
export async function lockedPackages(
  folder: string,
  scope: PackageScope,
  index: StatIndex,
): Promise<Record<string, string> | null> {
  if (scope === "none") return {};
  const path = findLockFile(folder);
  if (path === null) return null;
  let lock: PackageLock;
  try {
    lock = JSON.parse(await readFile(path, "utf8")) as PackageLock;
    if (typeof lock.packages !== "object") return null;
  } catch {
    return null;
  }
  const workspace = relative(dirname(path), folder).split(sep).join("/");
  const closure = lockClosure(
    lock,
    workspace,
    typeof scope === "string" ? { includesDevelopment: scope === "all" } : { only: scope },
  );
  const packages: Record<string, string> = {};
  for (const place of closure) {
    const entry = lock.packages[place];
    packages[place.replace(/^node_modules\//u, "")] = place.includes("node_modules/")
      ? `${entry?.version ?? ""} ${entry?.integrity ?? ""}`.trim()
      : await linkedContent(join(dirname(path), place), index);
  }
  return packages;
}

/** A linked package has no integrity in the lock: it is what its folder would publish now. */
async function linkedContent(folder: string, index: StatIndex): Promise<string> {
  const text = await readFile(join(folder, "package.json"), "utf8").catch(() => "{}");
  const { files } = JSON.parse(text) as { files?: readonly string[] };
  const globs = files === undefined ? ["**/*"] : files.flatMap((each) => [each, `${each}/**`]);
  const digests: string[] = [digestText(text)];
  for (const file of await findFiles(folder, globs))
    digests.push(`${file} ${await digestIndexed(join(folder, file), index)}`);
  return digestText(digests.join("\n"));
}
