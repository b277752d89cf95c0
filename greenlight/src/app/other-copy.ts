import { readFileSync, realpathSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

import { OWN_FOLDER } from "../base/own-files.ts";
import { problem, type Problem } from "../base/problem.ts";
import { isProject } from "../pipeline/project-form.ts";
import { isStep } from "../pipeline/step-form.ts";
import type { ProjectPlace } from "./find-project.ts";
import { GREENLIGHT_VERSION } from "./version.ts";

/** What every copy of the package exports, as far as it is wanted here. */
interface Constructors {
  readonly step?: (name: string, options: object) => unknown;
  readonly defineProject?: (options: object) => unknown;
}

/**
 * The one cause of what would otherwise be told of each step: the definition was made with another copy of the package, whose
 * constructors fill other fields than this one reads. Null when it was not, or when both copies agree on the form. To be asked only
 * when a definition was refused; it imports what the definition has imported already.
 */
export async function describeOtherCopy(place: ProjectPlace): Promise<Problem | null> {
  const copy = findCopy(place.configPath);
  const ownFolder = realpathSync(fileURLToPath(new URL("..", OWN_FOLDER)));
  if (copy === null || copy.folder === ownFolder) return null;
  if (await fits(copy)) return null;
  return problem("PACKAGE_MISMATCH", {
    place: copy.folder,
    message:
      `the definition imports greenlight ${copy.version} from there, but the command that runs is greenlight ` +
      `${GREENLIGHT_VERSION} in ${ownFolder}, and the two don't agree on the fields of a definition`,
  });
}

interface Copy {
  readonly folder: string;
  readonly version: string;
  readonly entry: string;
}

/** The package as the definition finds it; null where it has none. */
function findCopy(configPath: string): Copy | null {
  try {
    const require = createRequire(configPath);
    const manifestPath = realpathSync(require.resolve("greenlight/package.json"));
    const { version } = JSON.parse(readFileSync(manifestPath, "utf8")) as { readonly version?: unknown };
    const folder = dirname(manifestPath);
    return { folder, version: typeof version === "string" ? version : "?", entry: entryOf(require, folder) };
  } catch {
    return null;
  }
}

function entryOf(require: NodeJS.Require, folder: string): string {
  try {
    return require.resolve("greenlight");
  } catch {
    return join(folder, "dist", "index.js");
  }
}

/** Also where it can't be asked: then the definition's own problems are told. */
async function fits({ entry }: Copy): Promise<boolean> {
  let made: Constructors;
  try {
    made = (await import(pathToFileURL(entry).href)) as Constructors;
  } catch {
    return true;
  }
  const { step, defineProject } = made;
  if (typeof step !== "function" || typeof defineProject !== "function") return false;
  return isStep(step("a", { run: "true" })) && isProject(defineProject({ name: "a", pipelines: {} }));
}
