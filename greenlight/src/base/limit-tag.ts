import { readFileSync } from "node:fs";

const OWNER_DIGITS = 11;
const NUMBER_DIGITS = 7;

/**
 * A mark that a process hands on to all that it starts and that nothing takes off by accident: the soft limit of file locks
 * (RLIMIT_LOCKS), which Linux keeps, shows in `/proc/PID/limits` to everybody, and has not looked at since 2.4.25
 * (getrlimit(2)). An empty environment, a new session, a double fork and another user's name leave it as it is.
 *
 * The tag of number `number` of an owner (16 hexadecimal digits): 18 decimal ones, of which the owner alone tells the first
 * eleven. Any such number is a limit that may be set.
 */
export function limitTag(owner: string, number: number): string {
  return `${limitTagsOf(owner)}${String(number % 10 ** NUMBER_DIGITS).padStart(NUMBER_DIGITS, "0")}`;
}

/** What all tags of an owner begin with. */
export function limitTagsOf(owner: string): string {
  const lowest = 10n ** BigInt(OWNER_DIGITS - 1);
  return String(lowest + (BigInt(`0x${owner}`) % (9n * lowest)));
}

/** The tag that a process bears; null: none, or there is no such process. Linux only, elsewhere null. */
export function readLimitTag(pid: number | "self"): string | null {
  if (process.platform !== "linux") return null;
  try {
    return TAG_LINE.exec(readFileSync(`/proc/${pid}/limits`, "latin1"))?.[1] ?? null;
  } catch {
    return null;
  }
}

/** A line of `/proc/PID/limits` (proc(5)): name, soft limit, hard limit. */
const TAG_LINE = new RegExp(`^Max file locks +([0-9]{${OWNER_DIGITS + NUMBER_DIGITS}}) `, "mu");

/**
 * The same call by way of a shell that takes the tag off; to be used by what has to outlive whoever bears it. The
 * process keeps its pid. dash and busybox call the limit `-w`, bash `-x`.
 */
export function withoutLimitTag(file: string, args: readonly string[]): { file: string; args: readonly string[] } {
  return { file: "/bin/sh", args: ["-c", `${CLEAR_LIMIT_TAG}\nexec "$@"`, "sh", file, ...args] };
}

/** A line of shell that takes the tag off the shell. */
export const CLEAR_LIMIT_TAG = '{ ulimit -S -w "$(ulimit -H -w)" || ulimit -S -x "$(ulimit -H -x)"; } 2>/dev/null';
