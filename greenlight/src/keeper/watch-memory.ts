import { memoryOfTree } from "./memory-use.ts";
import { listAllProcesses } from "./process-tree.ts";
import type { Supervisor } from "./supervisor.ts";

const EVERY_MS = 1000;
/** A machine with very many processes is looked at more rarely: looking takes a hundredth of the time at most. */
const IDLE_FACTOR = 100;

/** Looks after the memory of all that has a limit. Answers how to end that. Where nothing has one, it costs nothing. */
export function watchMemory(supervisors: ReadonlyMap<string, Supervisor>): () => void {
  const round = (): void => {
    const startedAt = performance.now();
    const limited = [...supervisors.values()].filter((each) => each.memoryLimitBytes !== null);
    const all = limited.length === 0 ? [] : listAllProcesses();
    for (const each of limited) {
      const { identity } = each;
      if (identity !== null) void each.observeMemory(memoryOfTree(all, identity.pid));
    }
    timer = setTimeout(round, Math.max(EVERY_MS, IDLE_FACTOR * (performance.now() - startedAt)));
  };
  let timer = setTimeout(round, EVERY_MS);
  return () => clearTimeout(timer);
}
