import { existsSync, renameSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";

/** More old files than anybody has; past it the system's own error tells. */
const MOST_KEPT = 1000;

/**
 * Closes a database that an older version of Greenlight wrote and keeps it beside its place, under a name that is free. Throws "database
 * is locked" while another process has it open: an engine would go on writing into a file that nobody looks into.
 */
export function setAside(database: DatabaseSync, path: string, version: number): void {
  // Only whoever has it alone may do this; it also brings all that was written into the one file.
  database.exec("PRAGMA journal_mode = DELETE");
  database.close();
  renameSync(path, freeName(`${path}.v${version}`));
}

function freeName(wanted: string): string {
  let name = wanted;
  for (let count = 2; existsSync(name) && count <= MOST_KEPT; count += 1) name = `${wanted}-${count}`;
  return name;
}
