import { readFileSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";

/**
 * The installed version of the npm package that a program belongs to, read from its package.json; no process is started.
 * Null when it is not found there.
 */
export function npmVersionOf(program: string, name: string): string | null {
  return besideProgram(program, name) ?? aroundProgram(program, name);
}

/** For `X/node_modules/.bin/program`: what a module in X gets when it imports the package. */
function besideProgram(program: string, name: string): string | null {
  const folder = dirname(program);
  if (basename(folder) !== ".bin") return null;
  for (let here = dirname(dirname(folder)); ; here = dirname(here)) {
    const version = readVersion(join(here, "node_modules", name), name);
    if (version !== null) return version;
    if (dirname(here) === here) return null;
  }
}

/** For a program that was installed for the whole machine: the package that its file lies in. */
function aroundProgram(program: string, name: string): string | null {
  let here: string;
  try {
    here = dirname(realpathSync.native(program));
  } catch {
    return null;
  }
  for (; dirname(here) !== here; here = dirname(here)) {
    const version = readVersion(here, name);
    if (version !== null) return version;
  }
  return null;
}

function readVersion(folder: string, name: string): string | null {
  try {
    const found: unknown = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
    if (typeof found !== "object" || found === null) return null;
    const { name: own, version } = found as { readonly name?: unknown; readonly version?: unknown };
    return own === name && typeof version === "string" ? version : null;
  } catch {
    return null;
  }
}
