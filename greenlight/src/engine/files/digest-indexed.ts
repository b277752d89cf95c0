import { readFileSync, statSync, type BigIntStats } from "node:fs";

import { digestBytes, digestFile } from "../../base/file-digest.ts";
import { identityOf, isSettled, type StatIndex } from "./stat-index.ts";

/** Up to here a file is read at once: a trip through the thread pool would cost more. */
export const SMALL_BYTES = 256 * 1024;

/**
 * The file's digest, from the index when its identity did not change. `stats` are those of the file itself, not of
 * a link. A small file is answered at once. Throws or rejects when the file can't be read.
 */
export function digestIndexed(
  path: string,
  index: StatIndex,
  stats: BigIntStats = statSync(path, { bigint: true }),
): string | Promise<string> {
  const identity = identityOf(stats);
  const known = index.get(path);
  if (known?.identity === identity) return known.digest;
  if (stats.size > BigInt(SMALL_BYTES)) return digestLarge(path, index, identity);
  const digest = digestBytes(readFileSync(path));
  remember(path, index, { identity, digest });
  return digest;
}

async function digestLarge(path: string, index: StatIndex, identity: string): Promise<string> {
  const digest = await digestFile(path);
  remember(path, index, { identity, digest });
  return digest;
}

/** Remembered only if it did not change while it was read. */
export function remember(path: string, index: StatIndex, entry: { identity: string; digest: string }): void {
  const after = statSync(path, { bigint: true, throwIfNoEntry: false });
  if (after !== undefined && identityOf(after) === entry.identity && isSettled(after, Date.now())) {
    index.set(path, entry);
  }
}
