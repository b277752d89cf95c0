import { closeSync, fstatSync, ftruncateSync, mkdirSync, openSync, readSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";

const LOG_LIMIT_BYTES = 16 * 1024 * 1024;
const PIECE_BYTES = 1024 * 1024;

/**
 * Opens a log for a process to write into directly, so that its lines survive the keeper. A log past its bound is moved
 * to `LOG.1` first. The caller closes the descriptor after the spawn.
 */
export function openLog(path: string): number {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  try {
    boundLog(path);
  } catch {
    // The keeper's chores tell it; a log that can't be copied is no reason not to start.
  }
  return openSync(path, "a", 0o600);
}

/**
 * Copies the end of a log past its bound to `LOG.1`, which is within the bound itself, and empties the log in place: whoever
 * writes has it open for appending and goes on at the new end. A few lines written between the two are lost, which is the
 * price of not standing between a service and its log. Without room for the copy all its lines are: the disk counts more.
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
    const { size } = fstatSync(file);
    if (size <= LOG_LIMIT_BYTES) return;
    try {
      copyEnd(file, size, `${path}.1`);
    } finally {
      ftruncateSync(file, 0);
    }
  } catch (error) {
    // Half a copy would only fill the disk further.
    rmSync(`${path}.1`, { force: true, recursive: true });
    throw error;
  } finally {
    closeSync(file);
  }
}

function copyEnd(from: number, size: number, path: string): void {
  const to = openSync(path, "w", 0o600);
  try {
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    for (let at = size - LOG_LIMIT_BYTES; at < size;) {
      const count = readSync(from, piece, 0, Math.min(PIECE_BYTES, size - at), at);
      if (count === 0) return;
      for (let done = 0; done < count;) done += writeSync(to, piece, done, count - done);
      at += count;
    }
  } finally {
    closeSync(to);
  }
}
