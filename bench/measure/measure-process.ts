import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";

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

const TICK_MS = 10; // USER_HZ is 100 on every Linux that Node supports.
const PAGE_BYTES = 4096;

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
  return fields === null ? Number.NaN : (Number(fields[13]) + Number(fields[14])) * TICK_MS;
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

function treeBytes(root: number): number {
  const parents = new Map<number, number>();
  const bytes = new Map<number, number>();
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
    bytes.set(Number(name), Number(fields[21]) * PAGE_BYTES);
  }
  const isBelow = (pid: number): boolean => {
    for (let at: number | undefined = pid; at !== undefined && at > 1; at = parents.get(at))
      if (at === root) return true;
    return false;
  };
  return [...bytes].reduce((sum, [pid, own]) => (isBelow(pid) ? sum + own : sum), 0);
}

/** The fields after the program's name, so that index 0 is field 3 of proc(5). */
function statFields(pid: string): string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    return text.slice(text.lastIndexOf(")") + 2).split(" ");
  } catch {
    return null;
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
