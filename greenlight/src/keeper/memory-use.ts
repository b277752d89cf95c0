import { readFileSync } from "node:fs";

import { listProcessTree, type TreeProcess } from "./process-tree.ts";

const KIB = 1024;

/**
 * Resident memory of a process and all that it started, in bytes; null when none of them runs. Pages that several of
 * them share are counted for each, as `ps` does.
 */
export function memoryOfTree(all: readonly TreeProcess[], root: number): number | null {
  const sizes = listProcessTree(all, root)
    .map(memoryOf)
    .filter((bytes) => bytes !== null);
  return sizes.length === 0 ? null : sizes.reduce((sum, bytes) => sum + bytes, 0);
}

/** The most that each of them ever used, added up: a bound of what they used together. Null elsewhere than on Linux. */
export function peakMemoryOfTree(all: readonly TreeProcess[], root: number): number | null {
  const sizes = listProcessTree(all, root)
    .map(({ pid }) => readStatus(pid, "VmHWM"))
    .filter((bytes) => bytes !== null);
  return sizes.length === 0 ? null : sizes.reduce((sum, bytes) => sum + bytes, 0);
}

/** From /proc on Linux, what `ps` told with the list elsewhere. */
function memoryOf({ pid, memoryBytes }: TreeProcess): number | null {
  return memoryBytes ?? readStatus(pid, "VmRSS");
}

/** A line of /proc/PID/status (proc(5)), in bytes. */
function readStatus(pid: number, name: "VmRSS" | "VmHWM"): number | null {
  try {
    const found = new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return found === null ? null : Number(found[1]) * KIB;
  } catch {
    // It ended while we looked.
    return null;
  }
}

export interface MemoryWatch {
  /** Observations in a row above the limit. */
  readonly overCount: number;
}

export const NOTHING_OBSERVED: MemoryWatch = { overCount: 0 };
/** A peak of a moment, a garbage collection late, is no reason to end a service. */
const OVER_LIMIT_COUNT = 3;

/** `why`: what is to be told when the process has to be ended; null while it may go on. */
export function afterObservation(
  watch: MemoryWatch,
  seen: { readonly memoryBytes: number | null; readonly limitBytes: number },
): { readonly watch: MemoryWatch; readonly why: string | null } {
  const { memoryBytes, limitBytes } = seen;
  if (memoryBytes === null || memoryBytes <= limitBytes) return { watch: NOTHING_OBSERVED, why: null };
  const overCount = watch.overCount + 1;
  if (overCount < OVER_LIMIT_COUNT) return { watch: { overCount }, why: null };
  const why = `over its memory limit: ${mebibytes(memoryBytes)} MiB of ${mebibytes(limitBytes)} MiB`;
  return { watch: NOTHING_OBSERVED, why };
}

function mebibytes(bytes: number): number {
  return Math.round(bytes / KIB / KIB);
}
