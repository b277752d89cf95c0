import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";

export interface TreeProcess {
  readonly pid: number;
  readonly parentPid: number;
  /** Session on Linux, group elsewhere: both bear the number of the slot's first process. */
  readonly sessionId: number;
  /** Null: it has to be asked for. */
  readonly memoryBytes: number | null;
}

const PS_TIMEOUT_MS = 5000;
const KIB = 1024;

/** All processes that can be seen; none on Windows. */
export function listAllProcesses(): readonly TreeProcess[] {
  if (process.platform === "linux") return listFromProc();
  return process.platform === "win32" ? [] : listFromPs();
}

/** The process `root` and all that it started: its descendants, and who was left behind in its session. */
export function listProcessTree(all: readonly TreeProcess[], root: number): readonly TreeProcess[] {
  const found = new Map<number, TreeProcess>();
  const children = Map.groupBy(all, ({ parentPid }) => parentPid);
  const waiting = all.filter(({ pid, sessionId }) => pid === root || sessionId === root);
  for (let each = waiting.pop(); each !== undefined; each = waiting.pop()) {
    if (found.has(each.pid)) continue;
    found.set(each.pid, each);
    waiting.push(...(children.get(each.pid) ?? []));
  }
  return [...found.values()];
}

/** /proc/PID/stat (proc(5)): parent, group and session are the fields 4 to 6. */
function listFromProc(): TreeProcess[] {
  return readdirSync("/proc").flatMap((name) => {
    const pid = Number(name);
    if (!Number.isInteger(pid)) return [];
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const fields = stat.slice(stat.lastIndexOf(")") + 2, stat.length).split(" ", 4);
      return [{ pid, parentPid: Number(fields[1]), sessionId: Number(fields[3]), memoryBytes: null }];
    } catch {
      // It ended while we looked.
      return [];
    }
  });
}

function listFromPs(): TreeProcess[] {
  const answer = spawnSync("ps", ["-axo", "pid=,ppid=,pgid=,rss="], { encoding: "utf8", timeout: PS_TIMEOUT_MS });
  return (answer.stdout ?? "").split("\n").flatMap((line) => {
    const [pid = 0, parentPid = 0, sessionId = 0, rss = 0] = line.trim().split(/\s+/).map(Number);
    return pid > 0 ? [{ pid, parentPid, sessionId, memoryBytes: rss * KIB }] : [];
  });
}
