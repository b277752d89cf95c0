import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";

const LISTEN_STATE = "0A";
const LSOF_TIMEOUT_MS = 3000;

/** Pid of a process that listens on the port, as far as the caller may see it; null when it can't be told. */
export function portOwner(port: number): number | null {
  try {
    return process.platform === "linux" ? ownerFromProc(port) : ownerFromLsof(port);
  } catch {
    return null;
  }
}

/** /proc/net/tcp (proc(5)): local address in hex, state 0A for listening, the socket's inode in the tenth column. */
function ownerFromProc(port: number): number | null {
  const wanted = `:${port.toString(16).toUpperCase().padStart(4, "0")}`;
  const inodes = new Set<string>();
  for (const table of ["/proc/net/tcp", "/proc/net/tcp6"]) {
    for (const line of readTable(table)) {
      const columns = line.trim().split(/\s+/);
      if (columns[1]?.endsWith(wanted) && columns[3] === LISTEN_STATE) inodes.add(`socket:[${columns[9]}]`);
    }
  }
  if (inodes.size === 0) return null;
  for (const pid of readdirSync("/proc")) {
    if (/^\d+$/.test(pid) && holdsOneOf(pid, inodes)) return Number(pid);
  }
  return null;
}

function readTable(path: string): string[] {
  try {
    return readFileSync(path, "utf8").split("\n").slice(1);
  } catch {
    return [];
  }
}

function holdsOneOf(pid: string, inodes: ReadonlySet<string>): boolean {
  try {
    return readdirSync(`/proc/${pid}/fd`).some((fd) => {
      try {
        return inodes.has(readlinkSync(`/proc/${pid}/fd/${fd}`));
      } catch {
        return false;
      }
    });
  } catch {
    // Another user's process, or one that just ended.
    return false;
  }
}

function ownerFromLsof(port: number): number | null {
  const answer = spawnSync("lsof", ["-nP", `-iTCP:${port}`, "-sTCP:LISTEN", "-t"], {
    encoding: "utf8",
    timeout: LSOF_TIMEOUT_MS,
  });
  const pid = Number.parseInt(answer.stdout ?? "", 10);
  return Number.isNaN(pid) ? null : pid;
}
