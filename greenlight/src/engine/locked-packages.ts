import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";

import { lockClosure, type PackageLock } from "../base/lock-closure.ts";
import type { PackageScope } from "../pipeline/definition.ts";

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
export async function lockedPackages(folder: string, scope: PackageScope): Promise<Record<string, string> | null> {
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
  return Object.fromEntries(
    closure.map((place) => {
      const entry = lock.packages[place];
      return [place.replace(/^node_modules\//u, ""), `${entry?.version ?? "link"} ${entry?.integrity ?? ""}`.trim()];
    }),
  );
}
