import { existsSync, lstatSync, readlinkSync, statSync, type BigIntStats } from "node:fs";
import { join } from "node:path";

import { digestText } from "../base/file-digest.ts";
import { problem, type Problem } from "../base/problem.ts";
import { err, ok, type Result } from "../base/result.ts";
import { digestIndexed, SMALL_BYTES } from "./digest-indexed.ts";
import { leadsOutside, type ProjectTree } from "./project-tree.ts";
import type { StatIndex } from "./stat-index.ts";

const ALWAYS_IGNORED = ["**/node_modules/**", "**/.git/**", "**/.greenlight/**"];
const IGNORED_PART = /(^|\/)(node_modules|\.git|\.greenlight)(\/|$)/u;

/** True when a pattern could mean more than the one path that it spells. */
export function isPattern(path: string): boolean {
  return /[*?[\]{}()!+@\\]/u.test(path);
}

/** Files below `folder` that match, relative with forward slashes, sorted, without duplicates. */
export async function findFiles(folder: string, patterns: readonly string[]): Promise<readonly string[]> {
  const plain = plainFiles(folder, patterns);
  if (plain !== null) return plain;
  // Most steps name their files, and then the library is never loaded.
  const { glob, escapePath } = await import("tinyglobby");
  const found = await glob(
    patterns.map((pattern) => (isLiteral(folder, pattern) ? escapePath(pattern) : pattern)),
    { cwd: folder, dot: true, ignore: ALWAYS_IGNORED, expandDirectories: true, followSymbolicLinks: true },
  );
  return [...new Set(found)].toSorted();
}

/** A name like `films (1).jsonl` is a glob by its letters; where such a file or folder stands, it means itself. */
function isLiteral(folder: string, pattern: string): boolean {
  return !pattern.startsWith("!") && isPattern(pattern) && existsSync(join(folder, pattern));
}

/** The answer without a search, when every pattern spells one file or none; null when a search is needed. */
function plainFiles(folder: string, patterns: readonly string[]): readonly string[] | null {
  const files = new Set<string>();
  for (const pattern of patterns) {
    if (isPattern(pattern) || pattern.endsWith("/")) return null;
    const path = pattern.startsWith("./") ? pattern.slice(2) : pattern;
    if (path.includes("//") || path.includes("/./") || path.split("/").includes("..")) return null;
    const stats = statSync(join(folder, path), { throwIfNoEntry: false });
    if (stats?.isDirectory() === true) return null;
    if (stats !== undefined && !IGNORED_PART.test(path)) files.add(path);
  }
  return files.size > 1 ? [...files].toSorted() : [...files];
}

export interface InputPlace {
  readonly folder: string;
  readonly repository: string;
  readonly index: StatIndex;
  readonly tree: ProjectTree;
  /** The step, for problems. */
  readonly place: string;
}

/** Digests of the matching files. One outside the repository, also behind a link, or one that is no file is a problem. */
export async function digestInputs(
  options: InputPlace,
  patterns: readonly string[],
): Promise<Result<Record<string, string>, readonly Problem[]>> {
  const { folder, index, tree } = options;
  // A listing may be remembered, what the files hold never is.
  const files = patterns.some(isPattern)
    ? await tree.listing(JSON.stringify([folder, patterns]), () => findFiles(folder, patterns))
    : await findFiles(folder, patterns);
  // A file may be called `__proto__`.
  const digests = Object.create(null) as Record<string, string>;
  const problems: Problem[] = [];
  const large: (() => Promise<void>)[] = [];
  for (const file of files) {
    const path = join(folder, file);
    const found = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    // It went between the listing and now: then it is no input.
    if (found === undefined) continue;
    const refused = whyRefused(path, found, options);
    if (refused !== null) {
      problems.push(problem(refused.code, { place: options.place, message: `"${file}" ${refused.message}` }));
      continue;
    }
    const stats = found.isSymbolicLink() ? statSync(path, { bigint: true, throwIfNoEntry: false }) : found;
    if (stats === undefined) digests[file] = digestText(`a link to ${readlinkSync(path)}, where nothing is`);
    else if (stats.size <= BigInt(SMALL_BYTES)) digests[file] = await digestIndexed(path, index, stats);
    else {
      // The name is set at once, so that the names stay in order.
      digests[file] = "";
      large.push(async () => {
        digests[file] = await digestIndexed(path, index, stats);
      });
    }
  }
  await forEachLimited(large, 8, (work) => work());
  return problems.length > 0 ? err(problems) : ok(digests);
}

function whyRefused(
  path: string,
  found: BigIntStats,
  options: InputPlace,
): { readonly code: "STEP_INPUT_OUTSIDE" | "STEP_INPUT_NO_FILE"; readonly message: string } | null {
  const outside = { code: "STEP_INPUT_OUTSIDE", message: "lies outside the repository" } as const;
  const noFile = { code: "STEP_INPUT_NO_FILE", message: "is no regular file" } as const;
  if (!found.isSymbolicLink()) {
    if (leadsOutside(path, options.repository, options.tree, false)) return outside;
    return found.isFile() ? null : noFile;
  }
  const target = statSync(path, { throwIfNoEntry: false });
  if (target === undefined) return null;
  if (leadsOutside(path, options.repository, options.tree, true)) return outside;
  return target.isFile() ? null : noFile;
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
