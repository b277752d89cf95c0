import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";

import { CLOCK_TICK_MS, statFields, treeBytes } from "./process-tree.ts";

export interface Measured {
  readonly status: number | null;
  readonly output: string;
  readonly wallMs: number;
  /** User and system time of the whole tree of processes that was waited for, in milliseconds; NaN off Linux. */
  readonly cpuMs: number;
  /** Largest sum of resident memory over the tree, sampled each 50 ms, in bytes; NaN off Linux. */
  readonly peakBytes: number;
  /** Largest resident memory of the started process alone, as the kernel kept it, in bytes; NaN off Linux. */
  readonly ownPeakBytes: number;
}

/** Runs a program and measures it as a whole: time by the clock, processor time and memory of all it started. */
export async function measureProcess(
  file: string,
  args: readonly string[],
  options: { readonly folder: string; readonly env?: Readonly<Record<string, string | undefined>> },
): Promise<Measured> {
  const cpuBefore = childrenCpuMs();
  const startedAt = performance.now();
  const child = spawn(file, args, {
    cwd: options.folder,
    env: { ...process.env, ...options.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  child.stdout.on("data", (chunk) => (output += String(chunk)));
  child.stderr.on("data", (chunk) => (output += String(chunk)));
  let peakBytes = Number.NaN;
  let ownPeakBytes = Number.NaN;
  const sampler = setInterval(() => {
    const bytes = treeBytes(child.pid ?? 0);
    if (!(bytes <= peakBytes)) peakBytes = bytes;
    // A high-water mark: what came between two looks is in it, but for the last moments.
    const ownBytes = highWaterMark(child.pid ?? 0);
    if (ownBytes > 0) ownPeakBytes = ownBytes;
  }, 50);
  await once(child, "close");
  clearInterval(sampler);
  return {
    status: child.exitCode,
    output,
    wallMs: performance.now() - startedAt,
    cpuMs: childrenCpuMs() - cpuBefore,
    peakBytes,
    ownPeakBytes,
  };
}

/** Fields 16 and 17 of /proc/self/stat: processor time of children that were waited for, with their own children. */
function childrenCpuMs(): number {
  const fields = statFields("self");
  return fields === null ? Number.NaN : (Number(fields[13]) + Number(fields[14])) * CLOCK_TICK_MS;
}

/** `VmHWM` of proc(5) in bytes; NaN when the process is gone. */
function highWaterMark(pid: number): number {
  try {
    const line = /^VmHWM:\s*(\d+) kB$/mu.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return Number(line?.[1]) * 1024;
  } catch {
    return Number.NaN;
  }
}

/** The middle value; the mean of the two middle ones for an even count. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

/** The smallest value that a share `portion` of the values does not exceed (nearest rank); NaN when there is none. */
export function quantile(values: readonly number[], portion: number): number {
  const sorted = values.toSorted((left, right) => left - right);
  return sorted[Math.max(0, Math.ceil(portion * sorted.length) - 1)] ?? Number.NaN;
}

/** One line about the machine, for the head of a table. */
export function describeMachine(cpus: readonly { readonly model: string }[]): string {
  return `${cpus.length} × ${cpus[0]?.model.trim() ?? "unknown"}, Node ${process.versions.node}, ${process.platform}-${process.arch}`;
}
