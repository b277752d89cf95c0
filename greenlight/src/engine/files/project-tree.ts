import { realpathSync } from "node:fs";
import { dirname } from "node:path";

import type { FoundFiles } from "./find-files.ts";
import { isOutside } from "./is-outside.ts";

/**
 * What is known of the project's folders while no step writes there: where links lead, and which files match.
 * `forget` is called whenever a step started or ended; while one runs, nothing is remembered.
 */
export class ProjectTree {
  readonly #places = new Map<string, string | null>();
  readonly #listings = new Map<string, FoundFiles>();
  #writers = 0;
  #generation = 0;

  /** Equal while nothing of this run wrote in between; null while a step writes. */
  get generation(): number | null {
    return this.#writers === 0 ? this.#generation : null;
  }

  /** The real path of a folder; null when there is none. */
  realFolder(folder: string): string | null {
    const known = this.#places.get(folder);
    if (known !== undefined) return known;
    let real: string | null;
    try {
      real = realpathSync.native(folder);
    } catch {
      real = null;
    }
    if (this.#writers === 0) this.#places.set(folder, real);
    return real;
  }

  /** The remembered listing for `key`, or the one that `list` makes now. */
  async listing(key: string, list: () => Promise<FoundFiles>): Promise<FoundFiles> {
    const known = this.#listings.get(key);
    if (known !== undefined) return known;
    const found = await list();
    if (this.#writers === 0) this.#listings.set(key, found);
    return found;
  }

  /** A step begins to write: nothing that was seen holds any longer. */
  beginWriting(): void {
    this.#writers += 1;
    this.forget();
  }

  endWriting(): void {
    this.#writers -= 1;
    this.forget();
  }

  /** Called after waiting for what may take long, too: people write files as well. */
  forget(): void {
    this.#generation += 1;
    this.#places.clear();
    this.#listings.clear();
  }
}

/** True when the file, or the place that a link on the way leads to, does not lie below `folder`. */
export function leadsOutside(path: string, folder: string, tree: ProjectTree, isLink: boolean): boolean {
  if (isOutside(folder, path)) return true;
  const home = tree.realFolder(folder) ?? folder;
  if (isLink) return isOutside(home, realpathSync.native(path));
  const parent = tree.realFolder(dirname(path));
  return parent === null || isOutside(home, parent);
}
