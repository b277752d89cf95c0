import type { DatabaseSync } from "node:sqlite";

export const MAKE_REMOVED =
  "CREATE TABLE IF NOT EXISTS removed_runs (id TEXT PRIMARY KEY, at TEXT NOT NULL) WITHOUT ROWID";
/** Who asks for a run asks for a late one: beyond so many the oldest are just unknown. */
export const FORGET_REMOVED =
  "DELETE FROM removed_runs WHERE id NOT IN (SELECT id FROM removed_runs ORDER BY id DESC LIMIT 20000)";
const FIND = "SELECT id, at FROM removed_runs WHERE substr(id, 1, ?) = ? ORDER BY id LIMIT 2";

/** When the run of this id, or the only one whose id begins so, was removed; null: none was, or nobody knows any more. */
export function readRemovedAt(database: DatabaseSync, named: string): string | null {
  if (named === "") return null;
  try {
    const rows = database.prepare(FIND).all(named.length, named);
    return rows.length === 1 ? String(rows[0]?.["at"]) : null;
  } catch {
    // Where nothing was ever removed there is no such table.
    return null;
  }
}
