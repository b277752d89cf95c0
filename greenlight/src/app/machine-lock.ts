import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";

import { digestText } from "../base/file-digest.ts";

const POLL_MS = 200;

/**
 * Waits until no other process of this user on this machine holds the lock; resolves to its release. The lock is the
 * operating system's, so it ends with its process. Rejects with the signal's reason when aborted.
 */
export async function lockMachine(name: string, signal: AbortSignal): Promise<() => void> {
  const folder = join(homedir(), ".greenlight", "locks");
  mkdirSync(folder, { recursive: true });
  // A lock's name is free text.
  const path = join(folder, `${digestText(name).slice(0, 32)}.lock`);
  for (;;) {
    signal.throwIfAborted();
    const release = tryLock(path);
    if (release !== null) return release;
    await sleep(POLL_MS, undefined, { signal });
  }
}

function tryLock(path: string): (() => void) | null {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec("BEGIN EXCLUSIVE");
    return () => database.close();
  } catch (error) {
    database.close();
    if (error instanceof Error && /locked|busy/iu.test(error.message)) return null;
    throw error;
  }
}
