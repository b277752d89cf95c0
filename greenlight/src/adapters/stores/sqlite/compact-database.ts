import type { DatabaseSync } from "node:sqlite";

const LEAST_FREE_BYTES = 1024 * 1024;
const LEAST_FREE_SHARE = 0.2;

/**
 * Gives free pages back when they are a fifth of the file and more than a mebibyte: to write the file anew costs as much as
 * what stays. A file that another process uses, or a disk without the room for a second copy, is left as it is.
 */
export function compactDatabase(database: DatabaseSync): void {
  const read = (what: string): number => Number(database.prepare(`PRAGMA ${what}`).get()?.[what] ?? 0);
  try {
    const free = read("freelist_count");
    if (free * read("page_size") < LEAST_FREE_BYTES || free < LEAST_FREE_SHARE * read("page_count")) return;
    database.exec("VACUUM; PRAGMA wal_checkpoint(TRUNCATE);");
  } catch {
    // The pages are used again by what is written next.
  }
}
