import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";

import { readJson, writeWhole } from "../base/durable-file.ts";
import { isSameProcess, processStartTime, type ProcessIdentity } from "../base/process-identity.ts";
import type { EnvironmentFolder } from "./environment-folder.ts";
import { boundLog } from "./log-file.ts";
import { parseKeeperRecord, SLOT_NAMES, type KeeperRecord, type SlotName } from "./wire.ts";

export interface ChoresOptions {
  readonly paths: EnvironmentFolder;
  readonly record: KeeperRecord;
  log(line: string): void;
  /** The process that writes the slot's log; null while none runs. */
  writerOf(slot: SlotName): ProcessIdentity | null;
}

export interface Chores {
  /** Bounds the logs of the slots. Keeper and router bound their own. */
  boundLogs(): Promise<void>;
  /** Removes what dead writers left. */
  tidy(): Promise<void>;
  /**
   * Writes the keeper's record anew when it was lost or damaged, so that commands find the keeper. Answers why there is
   * nothing to keep any more, when all that the keeper lives by was deleted.
   */
  mendRecord(): Promise<string | null>;
}

/** None of the chores is worth ending production for: what fails is told once and tried again the next time. */
export function createChores({ paths, record, log, writerOf }: ChoresOptions): Chores {
  const told = new Map<string, string>();
  let wasMissing = false;
  const attempt = async (what: string, act: () => unknown): Promise<void> => {
    try {
      await act();
      told.delete(what);
    } catch (error) {
      const { message } = error as Error;
      if (told.get(what) !== message) log(`${what}: ${message}`);
      told.set(what, message);
    }
  };
  const list = async (): Promise<string[] | null> => {
    let names: string[] | null = null;
    await attempt("looking into the folder", async () => {
      names = await readdir(paths.root);
    });
    return names;
  };

  return {
    boundLogs: async () => {
      for (const name of SLOT_NAMES) {
        await attempt(`bounding the log of ${name}`, () => boundLog(paths.log(name), writerOf(name)));
      }
    },
    tidy: async () => {
      const names = (await list()) ?? [];
      const leftovers = names.filter(isLeftover);
      await attempt("removing leftovers", () =>
        Promise.all(leftovers.map((name) => rm(join(paths.root, name), { force: true }))),
      );
    },
    mendRecord: async () => {
      const names = await list();
      if (names === null) return null;
      const isEmptied = !["desired.json", "desired.json.copy", "keeper.json"].some((name) => names.includes(name));
      if (isEmptied) return "the content of the environment's folder is gone";
      const found = await readJson(paths.keeperRecord, parseKeeperRecord);
      const isMissing = found.ok && found.value === null;
      // A folder that is just being deleted loses its files one by one: a second look tells it from a lost file.
      const isLost = isMissing && wasMissing && names.includes("desired.json");
      wasMissing = isMissing;
      const isStale = found.ok && found.value !== null && !isSameProcess(found.value);
      if (!isLost && !isStale && found.ok) return null;
      await attempt("writing the keeper's record", async () => {
        await writeWhole(paths.keeperRecord, JSON.stringify(record));
        log("the keeper's record was lost or damaged; written anew");
      });
      return null;
    },
  };
}

/** Of a writer that is gone. The router and controllers write here as well, and a file taken from under them fails a switch. */
function isLeftover(name: string): boolean {
  const [, pid] = /\.(\d+)-\d+\.tmp$/.exec(name) ?? [];
  return pid !== undefined && processStartTime(Number(pid)) === null;
}
