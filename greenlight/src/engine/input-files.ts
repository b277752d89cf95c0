import { existsSync } from "node:fs";
import { realpath, stat } from "node:fs/promises";
import { isAbsolute, join, relative, sep } from "node:path";

import { escapePath, glob, isDynamicPattern } from "tinyglobby";

import { digestFile } from "../base/file-digest.ts";
import { problem, type Problem } from "../base/problem.ts";
import { err, ok, type Result } from "../base/result.ts";
import { identityOf, isSettled, type StatIndex } from "./stat-index.ts";

const ALWAYS_IGNORED = ["**/node_modules/**", "**/.git/**", "**/.greenlight/**"];

/** Files below `folder` that match, relative with forward slashes, sorted, without duplicates. */
export async function findFiles(folder: string, patterns: readonly string[]): Promise<string[]> {
  if (patterns.length === 0) return [];
  const found = await glob(
    patterns.map((pattern) => asGlob(folder, pattern)),
    {
      cwd: folder,
      dot: true,
      ignore: ALWAYS_IGNORED,
      expandDirectories: true,
      followSymbolicLinks: true,
    },
  );
  return [...new Set(found)].toSorted();
}

/** A name like `films (1).jsonl` is a glob by its letters; where such a file or folder stands, it means itself. */
function asGlob(folder: string, pattern: string): string {
  const isLiteral = !pattern.startsWith("!") && isDynamicPattern(pattern) && existsSync(join(folder, pattern));
  return isLiteral ? escapePath(pattern) : pattern;
}

/** Digests of the matching files. A file outside the repository, also behind a link, is a problem. */
export async function digestInputs(
  options: { readonly folder: string; readonly repository: string; readonly index: StatIndex; readonly place: string },
  patterns: readonly string[],
): Promise<Result<Record<string, string>, readonly Problem[]>> {
  const files = await findFiles(options.folder, patterns);
  const digests: Record<string, string> = {};
  const problems: Problem[] = [];
  await forEachLimited(files, 32, async (file) => {
    const path = join(options.folder, file);
    if (await leadsOutside(path, options.repository)) {
      problems.push(
        problem("STEP_INPUT_OUTSIDE", { place: options.place, message: `"${file}" lies outside the repository` }),
      );
      return;
    }
    digests[file] = await digestIndexed(path, options.index);
  });
  if (problems.length > 0) return err(problems);
  return ok(Object.fromEntries(Object.entries(digests).toSorted(([left], [right]) => (left < right ? -1 : 1))));
}

/** The file's digest, from the index when its identity did not change. */
export async function digestIndexed(path: string, index: StatIndex): Promise<string> {
  const before = await stat(path, { bigint: true });
  const identity = identityOf(before);
  const known = index.get(path);
  if (known?.identity === identity) return known.digest;
  const digest = await digestFile(path);
  // Remembered only if it did not change while it was read.
  const after = await stat(path, { bigint: true });
  if (identityOf(after) === identity && isSettled(after, Date.now())) index.set(path, { identity, digest });
  return digest;
}

/** True when the path, or the place a link leads to, is not below `folder`. */
async function leadsOutside(path: string, folder: string): Promise<boolean> {
  if (isOutside(folder, path)) return true;
  // A link anywhere on the way may lead out.
  return isOutside(await realpath(folder), await realpath(path));
}

/** True when `path` does not lie below `folder`. */
export function isOutside(folder: string, path: string): boolean {
  const way = relative(folder, path);
  return way === ".." || way.startsWith(`..${sep}`) || isAbsolute(way);
}

/** Runs `work` on every item, at most `limit` at once; the first rejection ends it. */
export async function forEachLimited<Item>(
  items: readonly Item[],
  limit: number,
  work: (item: Item) => Promise<void>,
): Promise<void> {
  const queue = items.values();
  await Promise.all(
    Array.from({ length: Math.min(limit, items.length) }, async () => {
      for (const item of queue) await work(item);
    }),
  );
}
