import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";

/**
 * The program's file, as the system would find it: along `path`, or from `folder` when its name is a path. Null: there is
 * none. No process is started.
 */
export function findProgram(program: string, place: { readonly path: string; readonly folder: string }): string | null {
  if (/[/\\]/u.test(program)) return runnable(resolve(place.folder, program));
  for (const folder of place.path.split(delimiter)) {
    if (folder === "") continue;
    const found = runnable(resolve(place.folder, join(folder, program)));
    if (found !== null) return found;
  }
  return null;
}

/** On Windows programs are found by these endings. */
const ENDINGS = process.platform === "win32" ? [".exe", ".cmd", ".bat", ".com"] : [""];

function runnable(path: string): string | null {
  for (const ending of ENDINGS) {
    try {
      accessSync(path + ending, constants.X_OK);
      if (statSync(path + ending).isFile()) return path + ending;
    } catch {
      // Not there, or not for us: the search goes on.
    }
  }
  return null;
}
