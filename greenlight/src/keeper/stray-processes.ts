import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { sep } from "node:path";

import type { OwnProgram } from "../base/own-files.ts";
import { processStartTime, type ProcessIdentity } from "../base/process-identity.ts";
import { environmentFolder } from "./environment-folder.ts";

interface Listed {
  readonly pid: number;
  readonly parentPid: number;
  readonly groupId: number;
  /** Arguments, the program first, each ended by a zero byte. */
  readonly commandLine: string;
  /** Variables, each ended by a zero byte; empty where the system does not tell. */
  readonly environment: string;
}

const PS_TIMEOUT_MS = 5000;

/**
 * Processes of this environment that no record names: a keeper was killed between starting one and writing it down, or a
 * service started one and left it behind. They are known by their program, which lies in the environment's own releases, by
 * the variable that every slot is given, or by being its router. Only leaders of groups count, since a group is ended as a
 * whole, and none that descends from a `known` pid.
 */
export function strayProcesses(folder: string, known: ReadonlySet<number>): ProcessIdentity[] {
  const { releases, predictions } = environmentFolder(folder);
  const all = listProcesses();
  const parents = new Map(all.map(({ pid, parentPid }) => [pid, parentPid]));
  return all.flatMap(({ pid, groupId, commandLine, environment }) => {
    if (pid !== groupId || pid === process.pid || descendsFrom(pid, known, parents)) return [];
    const isOurs =
      commandLine.startsWith(releases + sep) ||
      environment.includes(`PREDICTION_LOG=${predictions}${sep}`) ||
      isEntryOf("router/main", folder, commandLine) ||
      isEntryOf("certificate-main", folder, commandLine);
    return isOurs ? identityOf(pid) : [];
  });
}

/**
 * Other keepers of this folder than the calling process: one of a folder that was deleted and made anew, or one that is
 * just ending because another was faster. Only for who holds the keeper's lock, or wants to know who does.
 */
export function strayKeepers(folder: string): ProcessIdentity[] {
  return listProcesses().flatMap(({ pid, groupId, commandLine }) => {
    const isKeeper = pid === groupId && pid !== process.pid && isEntryOf("keeper/main", folder, commandLine);
    return isKeeper ? identityOf(pid) : [];
  });
}

/** Whether a process runs `PROGRAM.js FOLDER`, of this or another installation. */
function isEntryOf(program: OwnProgram, folder: string, commandLine: string): boolean {
  return ["js", "ts"].some((extension) => {
    const [, rest] = commandLine.split(`${sep}${program.replaceAll("/", sep)}.${extension}\u0000`);
    return rest !== undefined && (rest.startsWith(`${folder}\u0000`) || rest.startsWith(asPsTells(`${folder} `)));
  });
}

/** `ps` joins the arguments with blanks, so the blanks within them separate, too. */
function asPsTells(text: string): string {
  return text.replaceAll(" ", "\u0000");
}

function identityOf(pid: number): ProcessIdentity[] {
  const startTime = processStartTime(pid);
  return startTime === null ? [] : [{ pid, startTime }];
}

function descendsFrom(pid: number, known: ReadonlySet<number>, parents: ReadonlyMap<number, number>): boolean {
  const seen = new Set<number>();
  for (let at: number | undefined = pid; at !== undefined && !seen.has(at); at = parents.get(at)) {
    if (known.has(at)) return true;
    seen.add(at);
  }
  return false;
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
        const [, parentPid, groupId] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        const pid = Number(name);
        const commandLine = readFileSync(`/proc/${name}/cmdline`, "utf8");
        const environment = pid === Number(groupId) ? readFileSync(`/proc/${name}/environ`, "utf8") : "";
        return [{ pid, parentPid: Number(parentPid), groupId: Number(groupId), commandLine, environment }];
      } catch {
        // It ended while we looked, or it is another user's.
        return [];
      }
    });
}

function listFromPs(): Listed[] {
  const columns = ["-o", "pid=,ppid=,pgid=,command="];
  const answer = spawnSync("ps", ["-axww", ...columns], { encoding: "utf8", timeout: PS_TIMEOUT_MS });
  return (answer.stdout ?? "").split("\n").flatMap((line) => {
    const match = /^\s*(\d+)\s+(\d+)\s+(\d+)\s(.*)$/.exec(line);
    if (match === null) return [];
    const commandLine = asPsTells(`${match[4] ?? ""} `);
    const [pid = 0, parentPid = 0, groupId = 0] = match.slice(1, 4).map(Number);
    return [{ pid, parentPid, groupId, commandLine, environment: "" }];
  });
}
