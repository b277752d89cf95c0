import { closeSync, copyFileSync, fstatSync, ftruncateSync, mkdirSync, openSync } from "node:fs";
import { dirname } from "node:path";

const LOG_LIMIT_BYTES = 16 * 1024 * 1024;

/**
 * Opens a log for a process to write into directly, so that its lines survive the keeper. A log past its bound is moved
 * to `LOG.1` first. The caller closes the descriptor after the spawn.
 */
export function openLog(path: string): number {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  boundLog(path);
  return openSync(path, "a", 0o600);
}

/**
 * Copies a log past its bound to `LOG.1` and empties it in place: whoever writes has it open for appending and goes on at
 * the new end. A few lines written between the two are lost, which is the price of not standing between a service and its log.
 */
export function boundLog(path: string): void {
  let file: number;
  try {
    file = openSync(path, "r+");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return;
    throw error;
  }
  try {
    if (fstatSync(file).size <= LOG_LIMIT_BYTES) return;
    copyFileSync(path, `${path}.1`);
    ftruncateSync(file, 0);
  } finally {
    closeSync(file);
  }
}
