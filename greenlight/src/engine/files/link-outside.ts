import { dirname, join } from "node:path";

import { problem, ProblemError } from "../../base/problem.ts";
import { isOutside } from "./is-outside.ts";
import type { ProjectTree } from "./project-tree.ts";

/** An output behind a link that leads out of the project is neither removed nor written. */
export function refuseLinkOutside(
  options: { readonly folder: string; readonly tree: ProjectTree },
  pattern: string,
): void {
  const home = options.tree.realFolder(options.folder);
  const parent = options.tree.realFolder(dirname(join(options.folder, pattern)));
  if (home === null || (parent !== null && !isOutside(home, parent))) return;
  let path = options.folder;
  for (const part of dirname(pattern).split("/")) {
    path = join(path, part);
    const real = options.tree.realFolder(path);
    if (real === null) return;
    if (isOutside(home, real)) {
      throw new ProblemError([
        problem("STEP_OUTPUT_OUTSIDE", { place: pattern, message: `${path} is a link that leads out of the project` }),
      ]);
    }
  }
}
