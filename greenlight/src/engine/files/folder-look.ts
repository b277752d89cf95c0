import { join } from "node:path";

import { isSimple } from "../../pipeline/paths.ts";
import type { EngineContext } from "../engine-context.ts";
import { refuseLinkOutside } from "./link-outside.ts";
import { leadsOutside } from "./project-tree.ts";

type LookContext = Pick<EngineContext, "projectFolder" | "repositoryFolder" | "tree">;

/** What is asked of each file again but depends on its folder only. For as long as no step writes. */
export class FolderLook {
  readonly #context: LookContext;
  readonly #inputs = new Map<string, boolean>();
  readonly #outputs = new Set<string>();

  constructor(context: LookContext) {
    this.#context = context;
  }

  /** False for an input behind a link that leads out of the repository. */
  isInside(path: string): boolean {
    if (!isSimple(path)) return this.#isInside(path);
    const folder = folderOf(path);
    let isInside = this.#inputs.get(folder);
    if (isInside === undefined) this.#inputs.set(folder, (isInside = this.#isInside(path)));
    return isInside;
  }

  /** As `refuseLinkOutside`. */
  refuseOutput(path: string): void {
    const { projectFolder: folder, tree } = this.#context;
    const key = isSimple(path) ? folderOf(path) : null;
    if (key !== null && this.#outputs.has(key)) return;
    refuseLinkOutside({ folder, tree }, path);
    if (key !== null) this.#outputs.add(key);
  }

  #isInside(path: string): boolean {
    const { projectFolder, repositoryFolder, tree } = this.#context;
    return !leadsOutside(join(projectFolder, path), repositoryFolder, tree, false);
  }
}

/** Of a simple path, which lies in one. */
function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}
