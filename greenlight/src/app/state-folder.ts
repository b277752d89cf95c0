import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { problem, ProblemError } from "../base/problem.ts";

const HIDE_ALL = "*\n";

/** Makes the state folder, which hides itself from git: runs are nobody's source. Throws STORE_UNWRITABLE. */
export function prepareStateFolder(stateFolder: string): void {
  const path = join(stateFolder, ".gitignore");
  try {
    mkdirSync(stateFolder, { recursive: true, mode: 0o700 });
    if (!hides(path)) writeFileSync(path, HIDE_ALL);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new ProblemError([problem("STORE_UNWRITABLE", { place: stateFolder, message })], { cause: error });
  }
}

/** For those who only look: where nothing can be written, there is nothing to hide. */
export function hideStateFolder(stateFolder: string): void {
  try {
    prepareStateFolder(stateFolder);
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
  }
}

function hides(path: string): boolean {
  try {
    return readFileSync(path, "utf8") === HIDE_ALL;
  } catch {
    return false;
  }
}
