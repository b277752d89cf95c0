import { rmSync } from "node:fs";
import { join } from "node:path";

/** Where function steps are told what to do and answer. */
export function scratchFolder(stateFolder: string): string {
  return join(stateFolder, "tmp", "steps");
}

/** Removes what an engine that was killed left of its function steps: what they threw is not masked there. */
export function removeLeftScratch(stateFolder: string): void {
  try {
    rmSync(scratchFolder(stateFolder), { recursive: true, force: true });
  } catch {
    // Where nothing can be removed nothing can be recorded either, which is told.
  }
}
