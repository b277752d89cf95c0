import { lstatSync, statSync, type BigIntStats } from "node:fs";

/** What stands at the path, or where the link there leads to; undefined: nothing. Throws when it may not be looked at. */
export function statsOf(path: string): BigIntStats | undefined {
  try {
    return statSync(path, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    return nothing(error);
  }
}

/** As `statsOf`, of the link itself. */
export function linkStatsOf(path: string): BigIntStats | undefined {
  try {
    return lstatSync(path, { bigint: true, throwIfNoEntry: false });
  } catch (error) {
    return nothing(error);
  }
}

/** A file where a folder should be on the way, a link that leads to itself: nothing can be there. */
const NOTHING = new Set(["ENOTDIR", "ELOOP", "ENAMETOOLONG"]);

function nothing(error: unknown): undefined {
  if (!NOTHING.has(String((error as NodeJS.ErrnoException).code))) throw error;
}
