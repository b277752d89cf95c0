import { relative, sep } from "node:path";

import type { RunView } from "../engine/run-view.ts";
import { githubAnnotations } from "../report/annotations.ts";
import { repositoryFolder } from "./read-checkout.ts";

/** The new findings of the steps that ended here, a workflow command a line, so that GitHub shows them beside their lines. */
export function annotationLines(
  view: RunView,
  options: { readonly steps: ReadonlySet<string>; readonly projectFolder: string },
): readonly string[] {
  const { steps, projectFolder } = options;
  const folder = relative(repositoryFolder(projectFolder), projectFolder).split(sep).join("/");
  return githubAnnotations(view, { steps, folder });
}
