import { readdirSync, readFileSync } from "node:fs";

/** USER_HZ is 100 on every Linux that Node supports. */
export const CLOCK_TICK_MS = 10;
const PAGE_BYTES = 4096;

/** Resident memory of a process and all below it, in bytes; NaN off Linux. */
export function treeBytes(root: number): number {
  return sumOverTree(root, (fields) => Number(fields[21]) * PAGE_BYTES);
}

/** User and system time that a process and all below it have used so far, in milliseconds; NaN off Linux. */
export function treeCpuMs(root: number): number {
  return sumOverTree(root, (fields) => (Number(fields[11]) + Number(fields[12])) * CLOCK_TICK_MS);
}

function sumOverTree(root: number, figureOf: (fields: readonly string[]) => number): number {
  const parents = new Map<number, number>();
  const figures = new Map<number, number>();
  let names: string[];
  try {
    names = readdirSync("/proc").filter((name) => /^\d+$/u.test(name));
  } catch {
    return Number.NaN;
  }
  for (const name of names) {
    const fields = statFields(name);
    if (fields === null) continue;
    parents.set(Number(name), Number(fields[1]));
    figures.set(Number(name), figureOf(fields));
  }
  const isBelow = (pid: number): boolean => {
    for (let at: number | undefined = pid; at !== undefined && at > 1; at = parents.get(at))
      if (at === root) return true;
    return false;
  };
  return [...figures].reduce((sum, [pid, own]) => (isBelow(pid) ? sum + own : sum), 0);
}

/** The fields after the program's name, so that index 0 is field 3 of proc(5). */
export function statFields(pid: string): string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return null;
  }
}
