import { readJson } from "../base/durable-file.ts";
import { isSameProcess } from "../base/process-identity.ts";
import { watchProcess } from "../base/process-watch.ts";
import { environmentFolder } from "../keeper/environment-folder.ts";
import { holdFolder } from "../keeper/held-folder.ts";
import { spawnKeeper } from "../keeper/spawn-keeper.ts";
import { parseKeeperRecord } from "../keeper/wire.ts";

const LOOK_EVERY_MS = 100;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;

interface KeeperWatchOptions {
  readonly folder: string;
  log(line: string): void;
  isEnding(): boolean;
  onOrphaned(): void;
}

/**
 * Starts the keeper again when it dies; the keeper does the same for the router. After `down` the new keeper sees that
 * it is to stay stopped and ends at once. `onOrphaned` is called when the environment's folder was deleted,
 * also when there is another one at its path. A router that ends starts nobody: where the system ends all, nobody is to come back.
 */
export function watchKeeper({ folder, log, isEnding, onOrphaned }: KeeperWatchOptions): void {
  const held = holdFolder(folder);
  let retryMs = FIRST_RETRY_MS;
  let retryAt = -Infinity;
  let lastSeen = "";

  const look = async (): Promise<void> => {
    if (held.loss() !== null) return onOrphaned();
    const read = await readJson(environmentFolder(folder).keeperRecord, parseKeeperRecord);
    const keeper = read.ok ? read.value : null;
    // A new record shows that the last start was a success, even when that keeper is gone again already.
    const seen = keeper === null ? lastSeen : `${keeper.pid} ${keeper.startTime}`;
    if (seen !== lastSeen) {
      retryMs = FIRST_RETRY_MS;
      retryAt = -Infinity;
      lastSeen = seen;
    }
    if (keeper !== null && isSameProcess(keeper)) {
      watchProcess(keeper, LOOK_EVERY_MS, () => void look());
      return;
    }
    if (isEnding()) return;
    if (performance.now() >= retryAt) {
      log(`the keeper is gone; starting one (pid ${spawnKeeper(folder) ?? "none"})`);
      retryAt = performance.now() + retryMs;
      retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
    }
    setTimeout(() => void look(), LOOK_EVERY_MS).unref();
  };

  void look();
}
