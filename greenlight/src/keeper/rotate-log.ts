import { closeSync, fstatSync, ftruncateSync, openSync, readSync, renameSync, rmSync, writeSync } from "node:fs";

export interface LogBounds {
  /** A log above it is rotated. Somewhat below the size of a kept file, so that what comes meanwhile fits in, too. */
  readonly rotateBytes: number;
  /** No kept file is larger. */
  readonly keptBytes: number;
  /** How many kept files there are: `LOG.1` is the newest. */
  readonly keptCount: number;
}

const MIB = 1024 * 1024;
export const LOG_BOUNDS: LogBounds = { rotateBytes: 12 * MIB, keptBytes: 16 * MIB, keptCount: 3 };

/** Makes everybody who writes into a log hold still, and answers how to let them go on; null: it can't be done now. */
export type HoldWriters = () => (() => void) | null;

const PIECE_BYTES = MIB;
/** What is left of a log for which the disk has no room. */
const LEFT_BYTES = 64 * 1024;
const NEW_LINE = 0x0a;

interface Span {
  readonly from: number;
  readonly to: number;
}

/**
 * Moves the whole lines of a log past its bound to `LOG.1` (before it `LOG.1` to `LOG.2`, and so on) and leaves the rest in
 * it, in place: whoever writes has it open for appending and goes on at the new end. Most is copied while they write; for the
 * end of it they are held, so that no line is lost or torn. Killed in between, lines are there twice, none is gone. On a disk
 * without room the oldest files go first, and then all but the end of the log, which says so. Throws the system's error when
 * the log itself can't be read or written.
 */
export function rotateLog(path: string, hold: HoldWriters = () => () => {}, bounds: LogBounds = LOG_BOUNDS): void {
  const log = openIfThere(path);
  if (log === null) return;
  try {
    const { size } = fstatSync(log);
    if (size <= bounds.rotateBytes) return;
    const spans = cutLog(log, size, bounds);
    const isCopied = copyAll(log, path, { spans, bounds });
    const release = hold();
    if (release === null) return;
    try {
      if (isCopied) shiftFiles(path, spans.length, bounds.keptCount);
      keepEnd(log, isCopied ? (spans.at(-1)?.to ?? 0) : Math.max(0, size - LEFT_BYTES), { isDropped: !isCopied });
    } finally {
      release();
    }
  } finally {
    for (let index = 0; index < bounds.keptCount; index += 1)
      rmSync(nextOf(path, index), { force: true, recursive: true });
    closeSync(log);
  }
}

/** The log up to its last whole line, in spans of whole lines that fit into a file each: the last `keptCount` of them. */
function cutLog(log: number, size: number, { keptBytes, keptCount }: LogBounds): readonly Span[] {
  const end = endOfLine(log, 0, size);
  const tooOld = end - keptBytes * keptCount;
  const spans: Span[] = [];
  for (let from = tooOld > 0 ? endOfLine(log, 0, tooOld) : 0; from < end;) {
    const to = end - from <= keptBytes ? end : endOfLine(log, from, from + keptBytes);
    spans.push({ from, to });
    from = to;
  }
  return spans.slice(-keptCount);
}

/** The end of the last whole line in `from`–`to`; `to` itself where there is none within reach. */
function endOfLine(log: number, from: number, to: number): number {
  const start = Math.max(from, to - PIECE_BYTES);
  const piece = Buffer.allocUnsafe(to - start);
  const count = readSync(log, piece, 0, piece.length, start);
  const at = piece.subarray(0, count).lastIndexOf(NEW_LINE);
  return at < 0 ? to : start + at + 1;
}

/** Copies the spans beside the log. False: the disk has no room even after the oldest files went. */
function copyAll(
  log: number,
  path: string,
  what: { readonly spans: readonly Span[]; readonly bounds: LogBounds },
): boolean {
  for (let oldest = what.bounds.keptCount; ; oldest -= 1) {
    try {
      what.spans.forEach((span, index) => copySpan(log, nextOf(path, index), span));
      return true;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
      what.spans.forEach((_, index) => rmSync(nextOf(path, index), { force: true }));
      if (oldest < 1) return false;
      rmSync(`${path}.${oldest}`, { force: true });
    }
  }
}

function copySpan(from: number, path: string, span: Span): void {
  const to = openSync(path, "w", 0o600);
  try {
    const piece = Buffer.allocUnsafe(PIECE_BYTES);
    for (let at = span.from; at < span.to;) {
      const count = readSync(from, piece, 0, Math.min(PIECE_BYTES, span.to - at), at);
      if (count === 0) return;
      for (let done = 0; done < count;) done += writeSync(to, piece, done, count - done);
      at += count;
    }
  } finally {
    closeSync(to);
  }
}

function shiftFiles(path: string, newCount: number, keptCount: number): void {
  for (let index = 0; index < newCount; index += 1) {
    for (let number = keptCount - 1; number >= 1; number -= 1)
      renameIfThere(`${path}.${number}`, `${path}.${number + 1}`);
    renameSync(nextOf(path, index), `${path}.1`);
  }
}

/** Moves what comes after `from` to the front of the log, then cuts the log there: killed in between, nothing is gone. */
function keepEnd(log: number, from: number, { isDropped }: { readonly isDropped: boolean }): void {
  const note = isDropped ? Buffer.from(`--- the disk is full: what was here before is dropped\n`) : Buffer.alloc(0);
  const end = Buffer.allocUnsafe(Math.max(0, fstatSync(log).size - from));
  const count = readSync(log, end, 0, end.length, from);
  const text = Buffer.concat([note, end.subarray(isDropped ? end.indexOf(NEW_LINE) + 1 : 0, count)]);
  for (let done = 0; done < text.length;) done += writeSync(log, text, done, text.length - done, done);
  ftruncateSync(log, text.length);
}

function nextOf(path: string, index: number): string {
  return `${path}.next-${index}`;
}

function openIfThere(path: string): number | null {
  try {
    return openSync(path, "r+");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

function renameIfThere(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
}
