import { readlinkSync, type BigIntStats } from "node:fs";
import { join, relative } from "node:path";

import { digestText } from "../../base/file-digest.ts";
import { problem, type Problem } from "../../base/problem.ts";
import { err, ok, type Result } from "../../base/result.ts";
import { digestIndexed, SMALL_BYTES } from "./digest-indexed.ts";
import { linkStatsOf, statsOf } from "./file-stats.ts";
import { isPattern, searchFiles, type FoundFiles } from "./find-files.ts";
import { leadsOutside, type ProjectTree } from "./project-tree.ts";
import type { StatIndex } from "./stat-index.ts";

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
  const { folder, index, tree, repository } = options;
  // A listing may be remembered, what the files hold never is.
  const { files, refused } = patterns.some(isPattern)
    ? await tree.listing(JSON.stringify([folder, patterns]), () => searchFiles(folder, patterns, repository))
    : await searchFiles(folder, patterns, repository);
  // A file may be called `__proto__`.
  const digests = Object.create(null) as Record<string, string>;
  const problems = refused.map((each) => refusal(each, options));
  const large: (() => Promise<void>)[] = [];
  for (const file of files) {
    const path = join(folder, file);
    const found = linkStatsOf(path);
    if (found === undefined) {
      // It went between the listing and now: then it is no input. Or else its name is none that can be read.
      if (file.includes(UNREADABLE_NAME)) problems.push(unreadable(file, "has a name that is no valid UTF-8", options));
      continue;
    }
    const why = whyRefused(path, found, options);
    if (why !== null) {
      problems.push(problem(why.code, { place: options.place, message: `"${file}" ${why.message}` }));
      continue;
    }
    const stats = found.isSymbolicLink() ? statsOf(path) : found;
    if (stats === undefined) digests[file] = digestText(`a link to ${readlinkSync(path)}, where nothing is`);
    else if (stats.size <= BigInt(SMALL_BYTES)) {
      try {
        digests[file] = await digestIndexed(path, index, stats);
      } catch (error) {
        problems.push(unreadable(file, cantBeRead(error), options));
      }
    } else {
      // The name is set at once, so that the names stay in order.
      digests[file] = "";
      large.push(async () => {
        try {
          digests[file] = await digestIndexed(path, index, stats);
        } catch (error) {
          problems.push(unreadable(file, cantBeRead(error), options));
        }
      });
    }
  }
  await forEachLimited(large, 8, (work) => work());
  return problems.length > 0 ? err(problems) : ok(digests);
}

/** Stands in a name for bytes that are no text. */
const UNREADABLE_NAME = "\u{FFFD}";

function unreadable(file: string, why: string, { place }: InputPlace): Problem {
  const remedy = "let this user read it under a name in UTF-8, or exclude it with a `!` pattern";
  return problem("STEP_INPUT_NO_FILE", { place, message: `"${file}" ${why}`, remedy });
}

function cantBeRead(error: unknown): string {
  return `can't be read: ${error instanceof Error ? error.message : String(error)}`;
}

function refusal({ path, why, isOutside }: FoundFiles["refused"][number], options: InputPlace): Problem {
  const name = relative(options.folder, path);
  if (!isOutside) return unreadable(name, why, options);
  return problem("STEP_INPUT_OUTSIDE", { place: options.place, message: `"${name}" ${why}` });
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
  const target = statsOf(path);
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
