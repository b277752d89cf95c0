import { mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { setTimeout as sleep } from "node:timers/promises";

import { digestText } from "../base/file-digest.ts";
import { problem, ProblemError } from "../base/problem.ts";

const POLL_MS = 200;

/**
 * Waits until no other process of this user on this machine holds the lock; resolves to its release. The lock is the
 * operating system's, so it ends with its process. Rejects with the signal's reason when aborted,
 * and with STORE_UNWRITABLE where the home folder can't be written.
 */
export async function lockMachine(name: string, signal: AbortSignal): Promise<() => void> {
  const folder = join(homedir(), ".greenlight", "locks");
  // A lock's name is free text.
  const path = join(folder, `${digestText(name).slice(0, 32)}.lock`);
  for (;;) {
    signal.throwIfAborted();
    let release: (() => void) | null;
    try {
      mkdirSync(folder, { recursive: true });
      release = tryLock(path);
    } catch (error) {
      throw unwritable(path, error);
    }
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

function unwritable(path: string, error: unknown): ProblemError {
  const message = `the lock can't be taken: ${error instanceof Error ? error.message : String(error)}`;
  const remedy = "let the file be written by this user, or free disk space";
  return new ProblemError([problem("STORE_UNWRITABLE", { place: path, message, remedy })], { cause: error });
}
