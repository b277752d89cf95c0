import { readdirSync, realpathSync, type Dirent } from "node:fs";
import { join, relative, sep } from "node:path";

import { linkStatsOf, statsOf } from "./file-stats.ts";
import { isPattern, searchFiles } from "./find-files.ts";
import { isOutside } from "./is-outside.ts";

/** What lies where an output is declared. All paths are relative to the project, with forward slashes. */
export interface OutputListing {
  /** In order. May hold what is no regular file: sockets, pipes, links to nothing. */
  readonly files: readonly string[];
  /** Links that can't be followed: they are no part of the output. */
  readonly refused: readonly RefusedLink[];
}

interface RefusedLink {
  readonly path: string;
  readonly code: typeof OUTSIDE | "OUTPUT_NO_FILE";
  readonly message: string;
}

const OUTSIDE = "STEP_OUTPUT_OUTSIDE";
/** Links can make a small tree look endless. */
const MAX_FILES = 1_000_000;
const NONE: readonly RefusedLink[] = [];
const NOTHING: OutputListing = { files: [], refused: NONE };

/** The files that an output's path or glob holds. A folder is taken whole, whatever its files are called. */
export async function listOutput(folder: string, pattern: string): Promise<OutputListing> {
  const path = plainPath(pattern);
  const stats = linkStatsOf(join(folder, path));
  if (stats === undefined) {
    return isPattern(pattern) ? listGlob(folder, pattern) : NOTHING;
  }
  if (!stats.isDirectory() && !stats.isSymbolicLink()) return { files: [path], refused: NONE };
  return new OutputWalk(folder).list(path, stats.isSymbolicLink());
}

function plainPath(pattern: string): string {
  if (!pattern.startsWith("./") && !pattern.endsWith("/")) return pattern;
  return pattern.replace(/^(?:\.\/)+/u, "").replace(/\/+$/u, "");
}

async function listGlob(folder: string, pattern: string): Promise<OutputListing> {
  const found = await searchFiles(folder, [pattern], folder);
  const refused = found.refused.map(({ path, why, isOutside: leads }) => {
    const name = relative(folder, path);
    return { path: name, code: leads ? OUTSIDE : "OUTPUT_NO_FILE", message: `${name} ${why}` } as const;
  });
  return { files: found.files, refused };
}

/** One way through an output's folder. */
class OutputWalk {
  readonly #folder: string;
  readonly #home: string;
  readonly #files: string[] = [];
  readonly #refused: RefusedLink[] = [];
  #isFull = false;

  constructor(folder: string) {
    this.#folder = folder;
    this.#home = realpathSync.native(folder);
  }

  list(path: string, isLink: boolean): OutputListing {
    if (isLink) this.#follow(path, []);
    else this.#walk(path, [realpathSync.native(join(this.#folder, path))]);
    return { files: this.#files.toSorted(), refused: this.#refused };
  }

  /** `around`: the real paths of the folders that it was come through. */
  #walk(path: string, around: readonly string[]): void {
    for (const entry of readdirSync(join(this.#folder, path), { withFileTypes: true })) {
      if (this.#files.length >= MAX_FILES) return this.#refuseMore(path);
      this.#take(`${path}/${entry.name}`, entry, around);
    }
  }

  #take(path: string, entry: Dirent, around: readonly string[]): void {
    if (entry.isDirectory()) this.#walk(path, around);
    else if (entry.isSymbolicLink()) this.#follow(path, around);
    else this.#files.push(path);
  }

  #follow(path: string, around: readonly string[]): void {
    const absolute = join(this.#folder, path);
    if (statsOf(absolute)?.isDirectory() !== true && !this.#leadsOutside(absolute)) {
      this.#files.push(path);
      return;
    }
    const real = realpathSync.native(absolute);
    if (isOutside(this.#home, real)) {
      const message = `${path} is a link that leads out of the project`;
      this.#refused.push({ path, code: OUTSIDE, message });
    } else if (around.some((each) => each === real || each.startsWith(`${real}${sep}`))) {
      const message = `${path} is a link to a folder around it`;
      this.#refused.push({ path, code: "OUTPUT_NO_FILE", message });
    } else this.#walk(path, [...around, real]);
  }

  #leadsOutside(path: string): boolean {
    try {
      return isOutside(this.#home, realpathSync.native(path));
    } catch {
      // A link to nothing, which is told when it is looked at.
      return false;
    }
  }

  #refuseMore(path: string): void {
    if (this.#isFull) return;
    this.#isFull = true;
    const message = `${path} holds more than ${MAX_FILES} files, links followed`;
    this.#refused.push({ path, code: "OUTPUT_NO_FILE", message });
  }
}
