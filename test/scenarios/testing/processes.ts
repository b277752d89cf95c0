import { readdirSync, readFileSync } from "node:fs";

import { processStartTime } from "../../../greenlight/src/base/process-identity.ts";

/** Pids of the processes on whose command line `text` stands and `without` does not, but for this one and zombies. On Linux only. */
export function processesOf(text: string, without?: string): number[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/u.test(name) && Number(name) !== process.pid)
    .filter((name) => {
      const line = commandLineOf(name);
      return line.includes(text) && (without === undefined || !line.includes(without));
    })
    .map(Number)
    .filter((pid) => processStartTime(pid) !== null);
}

/** Empty for a process that has ended. On Linux only. */
export function commandLineOf(pid: number | string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, "utf8");
  } catch {
    return "";
  }
}

/** Kills a whole process group; one that has ended by itself is no error. */
export function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has ended.
  }
}
