import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";

import { readJson, writeDurably } from "../../base/durable-file.ts";
import { digestText } from "../../base/file-digest.ts";
import { takeNumberedLock } from "../../base/numbered-lock.ts";
import { isProcessIdentity, isSameProcess, ownIdentity } from "../../base/process-identity.ts";
import { parseItem, type OutboxItem } from "./outbox-item.ts";

/** Where items lie, so that a process that is killed loses none. */
export interface OutboxStore {
  /** Oldest subject first. What can't be read is left out: it is derived again. */
  all(): Promise<readonly OutboxItem[]>;
  read(channel: string, subject: string): Promise<OutboxItem | null>;
  /** Durable when it resolves; rejects with the system's error, and then the old item stands. */
  write(item: OutboxItem): Promise<void>;
  forget(item: OutboxItem): Promise<void>;
  /** Only its holder changes items; null: another process of this machine is at it. Ends with its process. */
  lock(): Promise<(() => Promise<void>) | null>;
}

/** Of a process that takes the lock twice, the second taker has to wait as any other. */
const held = new Set<string>();

/** A folder with a file a channel and subject: `outbox` in the project's state folder. */
export function openOutboxStore(folder: string): OutboxStore {
  const items = join(folder, "items");
  const fileOf = (channel: string, subject: string): string => {
    // Ids sort by time; anything else must not choose where a file lands.
    const name = /^[\w-]{1,100}$/u.test(subject) ? subject : digestText(subject).slice(0, 32);
    return join(items, `${name}.${digestText(channel).slice(0, 12)}.json`);
  };
  return {
    all: async () => {
      const names = (await readdir(items).catch(() => [])).filter((name) => name.endsWith(".json")).toSorted();
      const found = await Promise.all(names.map((name) => readItem(join(items, name))));
      return found.filter((item) => item !== null);
    },
    read: (channel, subject) => readItem(fileOf(channel, subject)),
    write: (item) => writeDurably(fileOf(item.channel, item.subject), `${JSON.stringify(item, null, 2)}\n`),
    forget: (item) => rm(fileOf(item.channel, item.subject), { force: true }),
    lock: async () => {
      if (held.has(folder)) return null;
      held.add(folder);
      try {
        const taken = await takeNumberedLock({
          folder: join(folder, "locks"),
          floor: 0,
          describe: () => JSON.stringify(ownIdentity()),
          isHeld: isHeldByOther,
        });
        if (taken.isTaken) {
          return async () => {
            await rm(taken.path, { force: true });
            held.delete(folder);
          };
        }
      } catch (error) {
        held.delete(folder);
        throw error;
      }
      held.delete(folder);
      return null;
    },
  };
}

async function readItem(path: string): Promise<OutboxItem | null> {
  const read = await readJson(path, parseItem);
  return read.ok ? read.value : null;
}

function isHeldByOther(text: string): boolean {
  try {
    const holder: unknown = JSON.parse(text);
    return isProcessIdentity(holder) && isSameProcess(holder) && holder.pid !== process.pid;
  } catch {
    return false;
  }
}
