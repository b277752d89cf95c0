import {
  closeSync,
  fstatSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  statfsSync,
  statSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";

/** Bytes up to which a log is kept whole: 1 GiB. */
const LOG_LIMIT_BYTES = 2 ** 30;
/** Milliseconds between two looks at the sizes of the logs that are being written. */
const WATCH_EVERY_MS = 500;
/** What a cut leaves of the end. */
const TAIL_BYTES = 1 << 20;

/** Opens a log to append to, making its folder when it is missing. Throws the system's error. */
export function openLog(path: string): number {
  try {
    return openSync(path, "a");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
    mkdirSync(dirname(path), { recursive: true });
    return openSync(path, "a");
  }
}

/** Whether there is no room left where the log lies: what was written to it may then be missing. */
export function isDiskFull(logPath: string): boolean {
  try {
    return statfsSync(dirname(logPath)).bavail === 0;
  } catch {
    return false;
  }
}

export interface LogSize {
  /** Of the file as it is. */
  readonly bytes: number;
  /** At least so many bytes of what was written are not in the file any more; 0: it is whole. */
  readonly droppedBytes: number;
}

/**
 * Keeps a log that others append to within `limitBytes`, however much they write, looking twice a second: when it has
 * outgrown them, its first quarter and its last MiB stay, and a line between says what was dropped. Nothing of the log
 * comes into memory but that MiB. Returns what ends the watch and tells the size.
 */
export function watchLog(path: string, limitBytes: number = LOG_LIMIT_BYTES): () => LogSize {
  const log: WatchedLog = { path, limitBytes, droppedBytes: 0 };
  watched.add(log);
  timer ??= setInterval(cutAll, WATCH_EVERY_MS).unref();
  return () => {
    watched.delete(log);
    if (watched.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
    return { bytes: cutWhenLong(log), droppedBytes: log.droppedBytes };
  };
}

interface WatchedLog {
  readonly path: string;
  readonly limitBytes: number;
  droppedBytes: number;
}

const watched = new Set<WatchedLog>();
let timer: NodeJS.Timeout | undefined;

function cutAll(): void {
  for (const log of watched) cutWhenLong(log);
}

/** Answers the size of the file afterwards; 0 when there is none. */
function cutWhenLong(log: WatchedLog): number {
  const size = statSync(log.path, { throwIfNoEntry: false })?.size ?? 0;
  if (size <= log.limitBytes) return size;
  try {
    return cut(log);
  } catch {
    // The next look tries again.
    return size;
  }
}

function cut(log: WatchedLog): number {
  const headBytes = Math.floor(log.limitBytes / 4);
  const file = openSync(log.path, "r+");
  const end = openSync(log.path, "a");
  try {
    const { size } = fstatSync(file);
    const tail = Buffer.alloc(Math.min(TAIL_BYTES, headBytes));
    const length = readSync(file, tail, 0, tail.length, size - tail.length);
    const dropped = size - headBytes - length;
    log.droppedBytes += dropped;
    // The writers append, so that they go on after what is written here.
    ftruncateSync(file, headBytes);
    writeSync(end, `\n… ${dropped} bytes dropped here: the log had grown over ${log.limitBytes} bytes …\n`);
    writeSync(end, tail, 0, length);
    return fstatSync(file).size;
  } finally {
    closeSync(file);
    closeSync(end);
  }
}
