import { existsSync } from "node:fs";

import { readJson } from "../base/durable-file.ts";
import { isSameProcess, type ProcessIdentity } from "../base/process-identity.ts";
import { watchProcess } from "../base/process-watch.ts";
import { environmentFolder } from "../keeper/environment-folder.ts";
import { spawnKeeper } from "../keeper/spawn-keeper.ts";
import { parseKeeperRecord } from "../keeper/wire.ts";

const LOOK_EVERY_MS = 100;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;

/**
 * Starts the keeper again when it dies; the keeper does the same for the router. After `down` the new keeper sees that
 * it is to stay stopped and ends at once. `onOrphaned` is called when the environment's folder was deleted.
 */
export function watchKeeper(folder: string, log: (line: string) => void, onOrphaned: () => void): void {
  let retryMs = FIRST_RETRY_MS;

  const look = async (): Promise<void> => {
    if (!existsSync(folder)) return onOrphaned();
    const keeper = await livingKeeper(folder);
    if (keeper !== null) {
      retryMs = FIRST_RETRY_MS;
      watchProcess(keeper, LOOK_EVERY_MS, () => void look());
      return;
    }
    log(`the keeper is gone; starting one (pid ${spawnKeeper(folder) ?? "none"})`);
    setTimeout(() => void look(), retryMs).unref();
    retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
  };

  void look();
}

async function livingKeeper(folder: string): Promise<ProcessIdentity | null> {
  const read = await readJson(environmentFolder(folder).keeperRecord, parseKeeperRecord);
  return read.ok && read.value !== null && isSameProcess(read.value) ? read.value : null;
}
