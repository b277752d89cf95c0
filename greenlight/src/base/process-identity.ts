import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";

/** A process beyond doubt: pids are given out again, a pid together with its start time is not. */
export interface ProcessIdentity {
  readonly pid: number;
  readonly startTime: string;
}

const PS_TIMEOUT_MS = 5000;
/** `ps` tells whole seconds, and the record is written a moment after the start. */
const START_TOLERANCE_MS = 3000;
let bootId: string | undefined;

/**
 * When the process `pid` started, as an opaque text; null when there is no such process. One that has ended
 * but was not yet reaped by its parent (a zombie) counts as gone: it holds no port and answers nothing.
 *
 * Linux: boot id and field 22 of /proc/PID/stat (proc(5)), clock ticks since boot. macOS: `ps -o lstart`,
 * in seconds. Elsewhere there is no cheap source, and the text only says that the pid is in use.
 */
export function processStartTime(pid: number): string | null {
  if (!Number.isSafeInteger(pid) || pid <= 0) return null;
  if (process.platform === "linux") return linuxStartTime(pid);
  if (process.platform === "win32") return canBeSignalled(pid) ? "unknown" : null;
  return canBeSignalled(pid) ? psStartTime(pid) : null;
}

/** True while exactly that process runs. */
export function isSameProcess(identity: ProcessIdentity): boolean {
  return processStartTime(identity.pid) === identity.startTime;
}

/**
 * True while exactly that process is there and does nothing, because somebody sent it SIGSTOP or debugs it: it answers
 * nothing, and no signal but KILL ends it.
 */
export function isSuspended(identity: ProcessIdentity): boolean {
  if (process.platform === "win32" || !isSameProcess(identity)) return false;
  if (process.platform === "linux") {
    const stat = readOrNull(`/proc/${identity.pid}/stat`) ?? "";
    return "Tt".includes(stat[stat.lastIndexOf(")") + 2] ?? " ");
  }
  const args = ["-o", "state=", "-p", String(identity.pid)];
  return (spawnSync("ps", args, { encoding: "utf8", timeout: PS_TIMEOUT_MS }).stdout ?? "").trim().startsWith("T");
}

/**
 * True while a process runs that `ps` says to have started within seconds of `atMs` (milliseconds since 1970). For records
 * that are written often: asking `ps` costs milliseconds, and so is left to the one who reads them.
 */
export function wasStartedAt(pid: number, atMs: number): boolean {
  if (!Number.isSafeInteger(pid) || pid <= 0 || process.platform === "win32" || !canBeSignalled(pid)) return false;
  const startedAtMs = Date.parse(psStartTime(pid) ?? "");
  return Math.abs(startedAtMs - atMs) <= START_TOLERANCE_MS;
}

/** The calling process. */
export function ownIdentity(): ProcessIdentity {
  return { pid: process.pid, startTime: processStartTime(process.pid) ?? "unknown" };
}

/** True when `value`, read from a file, names a process. */
export function isProcessIdentity(value: unknown): value is ProcessIdentity {
  if (typeof value !== "object" || value === null) return false;
  const { pid, startTime } = value as Partial<Record<keyof ProcessIdentity, unknown>>;
  return Number.isSafeInteger(pid) && typeof startTime === "string";
}

function linuxStartTime(pid: number): string | null {
  const stat = readOrNull(`/proc/${pid}/stat`);
  if (stat === null) return null;
  // The second field is the program's name in brackets and may itself hold spaces and brackets.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const state = fields[0];
  const startTicks = fields[19];
  if (state === undefined || startTicks === undefined || state === "Z" || state === "X") return null;
  bootId ??= (readOrNull("/proc/sys/kernel/random/boot_id") ?? "boot").slice(0, 8);
  return `${bootId}:${startTicks}`;
}

function psStartTime(pid: number): string | null {
  const answer = spawnSync("ps", ["-o", "state=,lstart=", "-p", String(pid)], {
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C" },
    timeout: PS_TIMEOUT_MS,
  });
  const line = answer.status === 0 ? answer.stdout.trim() : "";
  if (line === "" || line.startsWith("Z")) return null;
  return line.slice(line.search(/\s/)).trim();
}

/** Signal 0 checks for existence only. EPERM: it exists and belongs to somebody else. */
function canBeSignalled(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM";
  }
}

function readOrNull(path: string): string | null {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return null;
  }
}
