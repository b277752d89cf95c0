import { lstatSync, readdirSync, watch, type FSWatcher } from "node:fs";
import { join, sep } from "node:path";

import { problem, ProblemError } from "../base/problem.ts";

const IGNORED = new Set(["node_modules", ".git", ".greenlight"]);
/** The system keeps a watch for each folder; more than this is no project's source. */
const MOST_FOLDERS = 20_000;

/**
 * Tells every path that changes below some folders, once or more often, without node_modules, .git and .greenlight. One
 * watch for each folder and none for files: what Node itself offers costs one for each file on Linux. Links are not followed.
 */
export class FolderWatch {
  readonly #watchers = new Map<string, { readonly watcher: FSWatcher; readonly identity: string }>();
  readonly #onChange: (path: string) => void;

  constructor(onChange: (path: string) => void) {
    this.#onChange = onChange;
  }

  /** Idempotent. Throws WATCH_REFUSED when the system gives no more watches. */
  add(folder: string, options: { readonly isDeep: boolean } = { isDeep: true }): void {
    const queue = [folder];
    for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
      this.#watch(at);
      if (options.isDeep) queue.push(...foldersIn(at));
    }
  }

  close(): void {
    for (const { watcher } of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #watch(folder: string): void {
    if (this.#watchers.has(folder)) return;
    if (this.#watchers.size >= MOST_FOLDERS) throw refused(folder, `there are more than ${MOST_FOLDERS} folders`);
    try {
      const watcher = watch(folder, (_event, name) => {
        if (name !== null && !IGNORED.has(name)) this.#see(join(folder, name));
      });
      watcher.on("error", () => this.#forget(folder));
      this.#watchers.set(folder, { watcher, identity: identityOf(lstatSync(folder, { bigint: true })) });
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      // It went while it was walked to.
      if (code === "ENOENT" || code === "ENOTDIR") return;
      throw refused(folder, message);
    }
  }

  #see(path: string): void {
    this.#onChange(path);
    const found = lstatSync(path, { bigint: true, throwIfNoEntry: false });
    const known = this.#watchers.get(path);
    const identity = found === undefined ? null : identityOf(found);
    if (known !== undefined && known.identity !== identity) this.#forget(path);
    if (found?.isDirectory() !== true || this.#watchers.has(path)) return;
    // What was written into a new folder before it was watched is told now.
    this.add(path);
    for (const file of filesBelow(path)) this.#onChange(file);
  }

  #forget(folder: string): void {
    for (const [path, { watcher }] of this.#watchers) {
      if (path !== folder && !path.startsWith(folder + sep)) continue;
      watcher.close();
      this.#watchers.delete(path);
    }
  }
}

/** Another folder may take the place of one that was removed, and get its inode too. */
function identityOf(found: { readonly ino: bigint; readonly birthtimeNs: bigint }): string {
  return `${found.ino}-${found.birthtimeNs}`;
}

function foldersIn(folder: string): string[] {
  return entriesOf(folder)
    .filter((entry) => entry.isDirectory())
    .map((entry) => join(folder, entry.name));
}

function filesBelow(folder: string): string[] {
  return entriesOf(folder).flatMap((entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? filesBelow(path) : [path];
  });
}

function entriesOf(folder: string) {
  try {
    return readdirSync(folder, { withFileTypes: true }).filter((entry) => !IGNORED.has(entry.name));
  } catch {
    return [];
  }
}

function refused(place: string, message: string): ProblemError {
  return new ProblemError([problem("WATCH_REFUSED", { place, message })]);
}
