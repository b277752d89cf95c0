import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { sep } from "node:path";

import { processStartTime, type ProcessIdentity } from "../base/process-identity.ts";
import { environmentFolder } from "./environment-folder.ts";
import { processEntry } from "./spawn-keeper.ts";

interface Listed {
  readonly pid: number;
  readonly groupId: number;
  /** Arguments, the program first; on macOS joined by blanks. */
  readonly commandLine: string;
}

const PS_TIMEOUT_MS = 5000;

/**
 * Processes of this environment that no record names: a keeper was killed between starting one and writing it down. They
 * are known by their program, which lies in the environment's own releases, or by being its router. Only leaders of
 * groups count; what a slot starts itself is in the slot's group.
 */
export function strayProcesses(folder: string, known: ReadonlySet<number>): ProcessIdentity[] {
  const releases = environmentFolder(folder).releases + sep;
  const router = processEntry("router", "main");
  const strays: ProcessIdentity[] = [];
  for (const { pid, groupId, commandLine } of listProcesses()) {
    if (pid !== groupId || pid === process.pid || known.has(pid)) continue;
    const isOurs =
      commandLine.startsWith(releases) || (commandLine.includes(router) && commandLine.includes(`${folder}\u0000`));
    const startTime = isOurs ? processStartTime(pid) : null;
    if (startTime !== null) strays.push({ pid, startTime });
  }
  return strays;
}

function listProcesses(): Listed[] {
  if (process.platform === "linux") return listFromProc();
  return process.platform === "win32" ? [] : listFromPs();
}

function listFromProc(): Listed[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, "utf8");
        const groupId = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[2]);
        return [{ pid: Number(name), groupId, commandLine: readFileSync(`/proc/${name}/cmdline`, "utf8") }];
      } catch {
        // It ended while we looked.
        return [];
      }
    });
}

function listFromPs(): Listed[] {
  const answer = spawnSync("ps", ["-axww", "-o", "pid=,pgid=,command="], { encoding: "utf8", timeout: PS_TIMEOUT_MS });
  return (answer.stdout ?? "").split("\n").flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s(.*)$/.exec(line);
    if (match === null) return [];
    // The blank that ends an argument stands for the zero byte of /proc.
    const commandLine = `${match[3] ?? ""} `.replaceAll(" ", "\u0000");
    return [{ pid: Number(match[1]), groupId: Number(match[2]), commandLine }];
  });
}
