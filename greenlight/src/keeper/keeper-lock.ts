import { writeWhole } from "../base/durable-file.ts";
import { takeNumberedLock } from "../base/numbered-lock.ts";
import { isProcessIdentity, isSameProcess, ownIdentity } from "../base/process-identity.ts";
import { environmentFolder } from "./environment-folder.ts";

/** Whoever holds it is the one that may start and end processes of the environment. It ends with its process, too. */
export interface KeeperLock {
  release(): Promise<void>;
}

/** Null while another process that runs holds it. */
export async function takeKeeperLock(folder: string): Promise<KeeperLock | null> {
  const lock = await takeNumberedLock({
    folder: environmentFolder(folder).keeperLocks,
    floor: 0,
    describe: () => JSON.stringify(ownIdentity()),
    isHeld: isOwnerRunning,
  });
  return lock.isTaken ? { release: () => writeWhole(lock.path, "released") } : null;
}

function isOwnerRunning(text: string): boolean {
  try {
    const owner: unknown = JSON.parse(text);
    return isProcessIdentity(owner) && isSameProcess(owner);
  } catch {
    return false;
  }
}
