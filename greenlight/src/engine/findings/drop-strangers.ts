import { statSync } from "node:fs";
import { join } from "node:path";

import { withoutStrangers } from "../../evidence/coverage-strangers.ts";
import type { Evidence } from "../../evidence/evidence.ts";

/** Evidence without the coverage of files that the project in `folder` does not have; see `withoutStrangers`. */
export function dropStrangers(evidence: readonly Evidence[], folder: string): Evidence[] {
  return evidence.map((each) => withoutStrangers(each, (path) => isFile(join(folder, path))));
}

/** Whether a regular file is at that absolute path. Never throws. */
export function isFile(path: string): boolean {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
  } catch {
    // A name that no system takes is no file's.
    return false;
  }
}
