import type { BigIntStats } from "node:fs";

/**
 * Port: (size, times, inode) → digest of files read before, so that unchanged files are not read again.
 * A file touched so shortly before it was indexed that its time could not tell another change is not remembered.
 */
export interface StatIndex {
  /** Of this very index: one that was thrown away and begun anew has another. */
  readonly id: number;
  get(path: string): IndexedFile | null;
  set(path: string, entry: IndexedFile): void;
  /** Writes what was set since; may be lost in a crash without harm. */
  flush(): void;
  close(): void;
}

export interface IndexedFile {
  /** The file's identity at the time of reading; equal identity means equal content. */
  readonly identity: string;
  readonly digest: string;
}

/** Changes with every write: size, modification and change time in nanoseconds, inode. */
export function identityOf(stats: BigIntStats): string {
  return `${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}:${stats.ino}`;
}

const RACY_NS = 20_000_000n;

/** False when the file changed so recently, or by a clock so far ahead, that a second change could keep the same times. */
export function isSettled(stats: BigIntStats, nowMs: number): boolean {
  const now = BigInt(Math.floor(nowMs)) * 1_000_000n;
  return now - stats.mtimeNs > RACY_NS && now - stats.ctimeNs > RACY_NS;
}

/** After so long, in milliseconds, what was written just now has settled. */
export const SETTLING_MS = Number(RACY_NS / 1_000_000n) + 2;

/** True when it will have settled in `SETTLING_MS`; a file from the future may never. */
export function isSettling(stats: BigIntStats, nowMs: number): boolean {
  const now = BigInt(Math.floor(nowMs)) * 1_000_000n;
  const isNear = (time: bigint): boolean => now - time > -RACY_NS / 10n;
  return !isSettled(stats, nowMs) && isNear(stats.mtimeNs) && isNear(stats.ctimeNs);
}
