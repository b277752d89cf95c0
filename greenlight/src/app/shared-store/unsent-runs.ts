import { mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { isRunId } from "./store-layout.ts";

/** What is older is given up: by then its results have mostly been made again, and its blobs may be gone. */
const MAX_AGE_MS = 30 * 24 * 3600 * 1000;
const MAX_RUNS = 500;

/**
 * Notes that the shared store may not hold everything of a run: when it begins, so that neither a store that is down nor a killed
 * engine is forgotten. One small file each, in the state folder. A full disk costs the note, not the run.
 */
export function markUnsent(stateFolder: string, runId: string): void {
  try {
    mkdirSync(folderOf(stateFolder), { recursive: true });
    writeFileSync(join(folderOf(stateFolder), runId), "");
  } catch {
    // The run itself tells of the disk.
  }
}

/** Everything of the run is there, or will never be. */
export function unmarkUnsent(stateFolder: string, runId: string): void {
  try {
    rmSync(join(folderOf(stateFolder), runId), { force: true });
  } catch {
    // Sent once more than needed.
  }
}

/** Those noted within the last thirty days, the newest five hundred at most; oldest first. Older notes are thrown away. */
export function unsentRuns(stateFolder: string, now: number): readonly string[] {
  const kept = runsToSend(stateFolder, now);
  const isKept = new Set(kept);
  for (const runId of notedRuns(stateFolder)) if (!isKept.has(runId)) unmarkUnsent(stateFolder, runId);
  return kept;
}

/** The same, and throws nothing away. */
export function runsToSend(stateFolder: string, now: number): readonly string[] {
  const isOld = (runId: string): boolean => {
    const stats = statSync(join(folderOf(stateFolder), runId), { throwIfNoEntry: false });
    return stats === undefined || now - stats.mtimeMs > MAX_AGE_MS;
  };
  return notedRuns(stateFolder)
    .slice(-MAX_RUNS)
    .filter((runId) => !isOld(runId));
}

/** Oldest first. */
function notedRuns(stateFolder: string): readonly string[] {
  return namesIn(folderOf(stateFolder)).filter(isRunId).toSorted();
}

function folderOf(stateFolder: string): string {
  return join(stateFolder, "unsent");
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
