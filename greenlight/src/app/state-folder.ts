import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { problem, ProblemError } from "../base/problem.ts";

/** Makes the state folder, which hides itself from git: runs are nobody's source. Throws STORE_UNWRITABLE. */
export function prepareStateFolder(stateFolder: string): void {
  try {
    mkdirSync(stateFolder, { recursive: true, mode: 0o700 });
    writeFileSync(join(stateFolder, ".gitignore"), "*\n");
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new ProblemError([problem("STORE_UNWRITABLE", { place: stateFolder, message })], { cause: error });
  }
}
