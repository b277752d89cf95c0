import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

import { problem, ProblemError } from "../../base/problem.ts";

/**
 * The file of a module named by a step or a target: `./x` relative to the project, `greenlight/…` from this very
 * copy of Greenlight, everything else as the project would import it.
 */
export function modulePath(specifier: string, projectFolder: string): string {
  if (specifier.startsWith("./")) return join(projectFolder, specifier);
  const from = specifier.startsWith("greenlight/")
    ? import.meta.url
    : pathToFileURL(join(projectFolder, "package.json"));
  try {
    return createRequire(from).resolve(specifier);
  } catch (error) {
    throw new ProblemError(
      [
        problem("CONFIG_INVALID", {
          place: specifier,
          message: "the module can't be found",
          remedy: "install it, or correct its name",
        }),
      ],
      { cause: error },
    );
  }
}
