import { readFile } from "node:fs/promises";
import { join } from "node:path";

import { writeWhole } from "../base/durable-file.ts";
import { highestLock, takeNumberedLock } from "../base/numbered-lock.ts";
import { isProcessIdentity, isSameProcess, ownIdentity, type ProcessIdentity } from "../base/process-identity.ts";
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

/** The process that runs and holds the lock: a keeper, or a `stop` in a keeper's place. Null when there is none. */
export async function keeperLockHolder(folder: string): Promise<ProcessIdentity | null> {
  const { keeperLocks } = environmentFolder(folder);
  const number = await highestLock(keeperLocks);
  return ownerOf(await readFile(join(keeperLocks, String(number)), "utf8").catch(() => ""));
}

function isOwnerRunning(text: string): boolean {
  return ownerOf(text) !== null;
}

function ownerOf(text: string): ProcessIdentity | null {
  try {
    const owner: unknown = JSON.parse(text);
    return isProcessIdentity(owner) && isSameProcess(owner) ? { pid: owner.pid, startTime: owner.startTime } : null;
  } catch {
    return null;
  }
}
