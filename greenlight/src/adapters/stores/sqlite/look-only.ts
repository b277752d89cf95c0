import { readdirSync } from "node:fs";
import { basename, dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { pathToFileURL } from "node:url";

/** Whether a file, or the folder for it, could not be opened or made where nothing may be written. */
export function isUnwritable(error: unknown): boolean {
  // Of a folder that can't be made on a read-only disk the system says that there is none.
  if (error instanceof Error && "syscall" in error && error.syscall === "mkdir") return true;
  return /unable to open|readonly|EROFS|EACCES|EPERM/u.test(String(error));
}

/**
 * A database for those who only look, where nothing can be written; whoever writes is told then. With another process at work
 * its files are read as they grow; else the one file is all, and SQLite has to be told so. Where nothing was ever written it is
 * an empty one, with the tables that `fill` makes. Null when there is a file that can't be read, or `isSuitable` refuses it.
 */
export function openForLooking(
  path: string,
  how: { readonly busyMs: number; fill(database: DatabaseSync): void; isSuitable(database: DatabaseSync): boolean },
): DatabaseSync | null {
  const alone = pathToFileURL(path);
  alone.searchParams.set("immutable", "1");
  for (const place of [path, alone]) {
    let database: DatabaseSync | null = null;
    try {
      database = new DatabaseSync(place, { timeout: how.busyMs, readOnly: true });
      if (how.isSuitable(database)) return database;
      database.close();
    } catch {
      if (database?.isOpen === true) database.close();
    }
  }
  return isSurelyAbsent(path) ? emptyDatabase(how.fill) : null;
}

/** One that nothing can be written to. */
export function emptyDatabase(fill: (database: DatabaseSync) => void): DatabaseSync {
  const database = new DatabaseSync(":memory:");
  fill(database);
  database.exec("PRAGMA query_only = ON");
  return database;
}

/** A folder that may not be listed could hold the file all the same. */
function isSurelyAbsent(path: string): boolean {
  try {
    return !readdirSync(dirname(path)).includes(basename(path));
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "ENOENT";
  }
}
