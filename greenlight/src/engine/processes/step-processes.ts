import { readdirSync, readFileSync } from "node:fs";

import { readLimitTag } from "../../base/limit-tag.ts";
import { signalGroup, signalProcess } from "./process-group.ts";
import { isTagOf, isTokenOf, tokensIn } from "./step-marker.ts";

/** Which processes are meant: those in a group, and those that bear the marker or the tag of an owner. */
export interface Wanted {
  readonly groupId: number | null;
  /** Engines, or steps as `engine:number`. */
  readonly owners: readonly string[];
}

/** Milliseconds that killing may take; longer only for processes stuck in the kernel. */
const KILL_LIMIT_MS = 2000;
const ROUND_PAUSE_MS = 2;

/**
 * Pids of what runs of them, wherever it went: new sessions and double forks keep their environment, and those who drop it,
 * write over it or belong to another user keep their tag. What has ended and was not yet reaped does not count. Linux only,
 * elsewhere none: no other system tells a process's environment reliably. Reads up to three small files per process of
 * the machine: some milliseconds.
 */
export function findProcesses(wanted: Wanted): number[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc").flatMap((name) => {
    const pid = Number(name);
    return Number.isInteger(pid) && pid !== process.pid && isWanted(pid, wanted) ? [pid] : [];
  });
}

/** Whether any of them runs. */
export function isAnyThere(wanted: Wanted): boolean {
  if (process.platform === "linux") return findProcesses(wanted).length > 0;
  return wanted.groupId !== null && signalGroup(wanted.groupId, 0);
}

/** Kills all of them, and what they start meanwhile; answers how many there were. Returns when they are gone. */
export function killProcesses(wanted: Wanted): number {
  // At one stroke, so that a group that grows can't get away.
  if (wanted.groupId !== null) signalGroup(wanted.groupId, "SIGKILL");
  const killed = new Set<number>();
  const deadline = performance.now() + KILL_LIMIT_MS;
  for (;;) {
    const found = findProcesses(wanted);
    if (found.length === 0 || performance.now() > deadline) return killed.size;
    for (const pid of found) if (signalProcess(pid, "SIGKILL")) killed.add(pid);
    // The kernel needs a moment to take them away.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ROUND_PAUSE_MS);
  }
}

/** The process group of one that runs; null when it has ended. Linux only. */
export function groupIdOf(pid: number): number | null {
  const stat = readOrNull(`/proc/${pid}/stat`)?.toString("latin1");
  if (stat === undefined) return null;
  // Its name stands in brackets and may hold anything; then state, parent, group.
  const [state, , groupId] = stat.slice(stat.lastIndexOf(")") + 2).split(" ", 3);
  return state === "Z" || state === "X" ? null : Number(groupId);
}

function isWanted(pid: number, wanted: Wanted): boolean {
  if (wanted.groupId !== null) {
    const groupId = groupIdOf(pid);
    if (groupId === null || groupId === wanted.groupId) return groupId !== null;
  }
  if (wanted.owners.length === 0) return false;
  const environ = readOrNull(`/proc/${pid}/environ`);
  if (environ !== null && tokensIn(environ).some((token) => wanted.owners.some((owner) => isTokenOf(token, owner))))
    return true;
  const tag = readLimitTag(pid);
  // What has ended still shows its limits.
  return tag !== null && wanted.owners.some((owner) => isTagOf(tag, owner)) && groupIdOf(pid) !== null;
}

/** Null when it ended while we looked, or is another user's. */
function readOrNull(path: string): Buffer | null {
  try {
    return readFileSync(path);
  } catch {
    return null;
  }
}
