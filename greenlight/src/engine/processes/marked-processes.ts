import { readdirSync, readFileSync } from "node:fs";

import { signalProcess } from "./process-group.ts";
import { tokensIn } from "./step-marker.ts";

/** Milliseconds that killing may take; longer only for processes stuck in the kernel. */
const KILL_LIMIT_MS = 2000;
const ROUND_PAUSE_MS = 2;

/**
 * Pids of the processes whose marker holds a token that `isWanted`, wherever they went: new sessions and double forks
 * keep their environment. Linux only, elsewhere none: no other system tells a process's environment reliably. One that
 * belongs to another user, or that wrote over its own environment to show a title, is not found.
 * Reads one small file per process of the machine: some milliseconds.
 */
export function findMarked(isWanted: (token: string) => boolean): number[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc").flatMap((name) => {
    const pid = Number(name);
    return Number.isInteger(pid) && pid !== process.pid && tokensOf(pid).some(isWanted) ? [pid] : [];
  });
}

/** Kills all of them, and what they start meanwhile; answers how many there were. Waits until they are gone. */
export function killMarked(isWanted: (token: string) => boolean): number {
  const killed = new Set<number>();
  const deadline = performance.now() + KILL_LIMIT_MS;
  for (;;) {
    const found = findMarked(isWanted);
    if (found.length === 0 || performance.now() > deadline) return killed.size;
    for (const pid of found) if (signalProcess(pid, "SIGKILL")) killed.add(pid);
    // The kernel needs a moment to take them away.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ROUND_PAUSE_MS);
  }
}

function tokensOf(pid: number): readonly string[] {
  try {
    return tokensIn(readFileSync(`/proc/${pid}/environ`));
  } catch {
    // It ended while we looked, or it is another user's.
    return [];
  }
}
