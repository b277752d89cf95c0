import { appendFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { isProcessIdentity, isSameProcess, ownIdentity, wasStartedAt } from "../../base/process-identity.ts";
import { engineFolder, recordedEngines } from "./engine-folder.ts";
import { signalGroup } from "./process-group.ts";
import { ENGINE_TOKEN } from "./step-marker.ts";
import { killProcesses } from "./step-processes.ts";

/** Where markers can't be read, every step is written down. */
const IS_EVERY_STEP_RECORDED = process.platform !== "linux";
const records = new Set<string>();

/**
 * Leaves in the state folder who is running steps there, so that the next start finds what this process leaves, should it be
 * killed. One small file: on Linux the processes themselves bear its token, elsewhere a line is added for each step.
 * Returns what takes it away again. A full disk costs the record, not the run.
 */
export function recordEngine(stateFolder: string): () => void {
  const path = join(engineFolder(stateFolder), ENGINE_TOKEN);
  try {
    mkdirSync(engineFolder(stateFolder), { recursive: true });
    writeFileSync(path, `${JSON.stringify(ownIdentity())}\n`);
    records.add(path);
  } catch {
    // The step itself tells of the disk when it can't write its log.
  }
  return () => {
    records.delete(path);
    remove(path);
  };
}

/** Adds a step that has just started. Does nothing where the environment of its processes tells the same. */
export function recordStep(pid: number, isNeeded: boolean = IS_EVERY_STEP_RECORDED): void {
  if (!isNeeded) return;
  for (const path of records) {
    try {
      appendFileSync(path, `${pid} ${Date.now()}\n`);
    } catch {
      // As above.
    }
  }
}

/**
 * Ends what engines that died left running of their steps in this state folder; answers how many processes, or groups of them,
 * that were. An engine that lives, and whoever was given a pid since, is not touched. Never throws.
 */
export function endAbandonedSteps(stateFolder: string): number {
  const folder = engineFolder(stateFolder);
  const dead = recordedEngines(stateFolder).filter((name) => !isEngineAlive(join(folder, name)));
  if (dead.length === 0) return 0;
  let endedCount = 0;
  for (const name of dead) endedCount += endRecordedGroups(join(folder, name));
  endedCount += killProcesses({ groupId: null, owners: dead });
  for (const name of dead) remove(join(folder, name));
  return endedCount;
}

/** A record that stays is looked at again by the next start, in vain. */
function remove(path: string): void {
  try {
    rmSync(path, { force: true });
  } catch {
    // A read-only disk.
  }
}

function isEngineAlive(path: string): boolean {
  try {
    const identity: unknown = JSON.parse(linesOf(path)[0] ?? "");
    return isProcessIdentity(identity) && isSameProcess(identity);
  } catch {
    // Cut off by a full disk: its token is still its name.
    return false;
  }
}

function endRecordedGroups(path: string): number {
  let endedCount = 0;
  for (const line of linesOf(path).slice(1)) {
    const [pid = 0, startedAtMs = 0] = line.split(" ").map(Number);
    if (!wasStartedAt(pid, startedAtMs) || !signalGroup(pid, "SIGKILL")) continue;
    endedCount += 1;
    killProcesses({ groupId: pid, owners: [] });
  }
  return endedCount;
}

function linesOf(path: string): string[] {
  try {
    return readFileSync(path, "utf8")
      .split("\n")
      .filter((line) => line !== "");
  } catch {
    return [];
  }
}
