import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";

import { isProcessIdentity, isSameProcess, processStartTime, type ProcessIdentity } from "../base/process-identity.ts";
import { listAllProcesses, listProcessTree } from "./process-tree.ts";

/** Threads in the middle of a long write to a slow disk end it first. */
const LIMIT_MS = 50;
const ROUND_LIMIT = 5;

/**
 * Stops a process and all that it started for a moment, and answers how to let them go on; null: not all of them stop
 * within fifty milliseconds, and all go on. Whom it stops stands in `markPath` meanwhile, so that `letGo` can free them
 * when the caller is killed in between. Who was stopped already, by a person, stays so. Linux alone tells of threads that
 * they have stopped; elsewhere nobody is.
 */
export function holdStill(leader: ProcessIdentity, markPath: string): (() => void) | null {
  if (process.platform !== "linux" || !isSameProcess(leader)) return () => {};
  const held = new Map<number, ProcessIdentity>();
  const release = (): void => {
    for (const { pid } of held.values()) signal(pid, "SIGCONT");
    rmSync(markPath, { force: true });
  };
  let waiting: readonly number[] = listProcessTree(listAllProcesses(), leader.pid).map(({ pid }) => pid);
  for (let round = 0; round < ROUND_LIMIT; round += 1) {
    const fresh = waiting.filter((pid) => !held.has(pid) && !isStill(pid));
    for (const pid of fresh) held.set(pid, { pid, startTime: processStartTime(pid) ?? "gone" });
    // Nobody could free them again: then nobody is stopped.
    if (!isWritten(markPath, [...held.values()])) break;
    for (const pid of fresh) signal(pid, "SIGSTOP");
    if (!waitUntilStill([...held.keys()])) break;
    // One that was just being started is not on the list.
    waiting = [...held.keys()].flatMap(childrenOf).filter((pid) => !held.has(pid));
    if (waiting.length === 0) return release;
  }
  release();
  return null;
}

/** Lets go on whom a keeper held that was killed meanwhile. */
export function letGo(markPath: string): void {
  try {
    const held: unknown = JSON.parse(readFileSync(markPath, "utf8"));
    for (const each of Array.isArray(held) ? held : []) {
      if (isProcessIdentity(each) && isSameProcess(each)) signal(each.pid, "SIGCONT");
    }
    rmSync(markPath, { force: true });
  } catch {
    // Nobody was held.
  }
}

function isWritten(path: string, held: readonly ProcessIdentity[]): boolean {
  try {
    writeFileSync(path, JSON.stringify(held), { mode: 0o600 });
    return true;
  } catch {
    return false;
  }
}

function waitUntilStill(pids: readonly number[]): boolean {
  const deadline = performance.now() + LIMIT_MS;
  // Sleeping would take longer than what is waited for.
  while (!pids.every(isStill)) if (performance.now() > deadline) return false;
  return true;
}

/** Whether no thread of it runs: /proc/PID/task/TID/stat (proc(5)), third field. True when it is gone. */
function isStill(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).every((thread) => {
      const stat = readFileSync(`/proc/${pid}/task/${thread}/stat`, "utf8");
      return "TtZX".includes(stat[stat.lastIndexOf(")") + 2] ?? "R");
    });
  } catch {
    return true;
  }
}

function childrenOf(pid: number): number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((thread) =>
      readFileSync(`/proc/${pid}/task/${thread}/children`, "utf8").trim().split(" ").filter(Boolean).map(Number),
    );
  } catch {
    // It ended, or this kernel does not tell.
    return [];
  }
}

function signal(pid: number, name: "SIGSTOP" | "SIGCONT"): void {
  try {
    process.kill(pid, name);
  } catch {
    // It ended meanwhile.
  }
}
