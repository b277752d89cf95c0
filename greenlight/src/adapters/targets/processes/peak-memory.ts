import { peakMemoryOfTree } from "../../../keeper/memory-use.ts";
import { listAllProcesses } from "../../../keeper/process-tree.ts";

/** Of a process and all that it started, in bytes; null where the system does not tell. */
export function peakMemory(pid: number): number | null {
  return peakMemoryOfTree(listAllProcesses(), pid);
}
