import { existsSync, readdir, realpath, realpathSync, type Dirent } from "node:fs";
import { join, relative, resolve, sep } from "node:path";

import type { FileSystemAdapter } from "tinyglobby";

import { statsOf } from "./file-stats.ts";
import { isOutside } from "./is-outside.ts";

const ALWAYS_IGNORED = ["**/node_modules/**", "**/.git/**", "**/.greenlight/**"];
const IGNORED_PART = /(^|\/)(node_modules|\.git|\.greenlight)(\/|$)/u;
/** Links that lead to one another can make a small tree look endless. */
const MAX_FOLDERS = 200_000;

/** What a search came upon. */
export interface FoundFiles {
  /** Relative with forward slashes, sorted, without duplicates. */
  readonly files: readonly string[];
  /** Folders that it did not go into: a link leads outside, or they may not be read. Each with why, as a clause. */
  readonly refused: readonly { readonly path: string; readonly isOutside: boolean; readonly why: string }[];
}

/** True when a pattern could mean more than the one path that it spells. */
export function isPattern(path: string): boolean {
  return /[*?[\]{}()!+@\\]/u.test(path);
}

/** Files below `folder` that match. Links are followed. */
export async function findFiles(folder: string, patterns: readonly string[]): Promise<readonly string[]> {
  return (await searchFiles(folder, patterns, null)).files;
}

/** As `findFiles`, but links that lead out of `within` are not followed. Null: they are. */
export async function searchFiles(
  folder: string,
  patterns: readonly string[],
  within: string | null,
): Promise<FoundFiles> {
  const plain = plainFiles(folder, patterns);
  if (plain !== null) return { files: plain, refused: NONE };
  // Most steps name their files, and then the library is never loaded.
  const { glob, escapePath } = await import("tinyglobby");
  const refused: FoundFiles["refused"][number][] = [];
  const odd: string[] = [];
  const found = await glob(
    patterns.map((pattern) => (isLiteral(folder, pattern) ? escapePath(pattern) : pattern)),
    {
      cwd: folder,
      dot: true,
      ignore: ALWAYS_IGNORED,
      expandDirectories: true,
      followSymbolicLinks: true,
      fs: guard(within, {
        refuse: (path, why, leads) => refused.push({ path, why, isOutside: leads }),
        take: (path) => odd.push(relative(folder, path).split(sep).join("/")),
      }),
    },
  );
  refused.sort((left, right) => (left.path < right.path ? -1 : 1));
  return { files: [...new Set([...found, ...odd])].toSorted(), refused };
}

const NONE: FoundFiles["refused"] = [];

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
    const stats = statsOf(join(folder, path));
    if (stats?.isDirectory() === true) return null;
    if (stats !== undefined && !IGNORED_PART.test(path)) files.add(path);
  }
  return files.size > 1 ? [...files].toSorted() : [...files];
}

type OnEntries = (error: NodeJS.ErrnoException | null, entries: Dirent[]) => void;
interface Finds {
  refuse(path: string, why: string, leadsOutside: boolean): void;
  take(path: string): void;
}

/** No pattern matches a name with a line break in it: such a file counts wherever a search comes by. */
const UNMATCHABLE = /[\n\r\u2028\u2029]/u;

/** Reads folders for the search, but none to which a link led that is not within. */
function guard(within: string | null, { refuse, take }: Finds): FileSystemAdapter {
  const home = within === null ? null : realpathSync.native(within);
  const links = new Map<string, string>();
  let count = 0;
  const whyNot = (path: string): string | null => {
    count += 1;
    if (count > MAX_FOLDERS) return `lies beyond ${MAX_FOLDERS} folders, links followed`;
    // Where the search begins may be a link by itself; what it meets further on it has resolved.
    const real = count === 1 && existsSync(path) ? realpathSync.native(path) : path;
    return home !== null && isOutside(home, real) ? "leads outside the repository" : null;
  };
  const read = (path: string, options: { withFileTypes: true }, callback: OnEntries): void => {
    const folder = resolve(path);
    const why = whyNot(folder);
    const told = links.get(folder) ?? folder;
    if (why === null) {
      readdir(path, options, (error, entries) => {
        if (error !== null && error.code !== "ENOENT" && error.code !== "ENOTDIR")
          refuse(told, `can't be read: ${error.code ?? error.message}`, false);
        for (const entry of entries ?? [])
          if (UNMATCHABLE.test(entry.name) && entry.isFile()) take(join(told, entry.name));
        callback(error, entries);
      });
      return;
    }
    if (count <= MAX_FOLDERS + 1) refuse(told, why, count <= MAX_FOLDERS);
    callback(null, []);
  };
  const follow = (path: string, callback: Parameters<typeof realpath>[1]): void => {
    realpath(path, (error, real) => {
      if (error === null) links.set(real, path);
      callback(error, real);
    });
  };
  // The search uses no other forms of these calls.
  return { readdir: read, realpath: follow } as unknown as FileSystemAdapter;
}
