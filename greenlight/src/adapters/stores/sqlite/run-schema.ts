import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { isUnwritable, openForLooking } from "./look-only.ts";
import { setAside } from "./set-aside.ts";
import { makeStampTable } from "./stamp-table.ts";

const VERSION = 2;
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS events (
    run_id TEXT NOT NULL, sequence INTEGER NOT NULL, json TEXT NOT NULL,
    PRIMARY KEY (run_id, sequence)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS runs (
    id TEXT PRIMARY KEY, pipeline TEXT NOT NULL, started_at TEXT NOT NULL, ended_at TEXT, outcome TEXT, started TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS runs_by_start ON runs (started_at, id);
  CREATE TABLE IF NOT EXISTS successes (
    id INTEGER PRIMARY KEY AUTOINCREMENT, pipeline TEXT NOT NULL, step TEXT NOT NULL, manifest_digest TEXT, subject TEXT,
    run_id TEXT NOT NULL, sequence INTEGER NOT NULL
  );
  CREATE INDEX IF NOT EXISTS successes_by_step ON successes (pipeline, step, id);
  CREATE TABLE IF NOT EXISTS manifests (digest TEXT PRIMARY KEY, json TEXT NOT NULL) WITHOUT ROWID;
  PRAGMA user_version = ${VERSION};
`;

const LOOK = `SELECT user_version AS version, EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'events') AS hasEvents
  FROM pragma_user_version`;

function fill(database: DatabaseSync): void {
  database.exec(SCHEMA);
  makeStampTable(database);
}

function isSuitable(database: DatabaseSync): boolean {
  return Number(database.prepare(LOOK).get()?.["version"]) === VERSION;
}

/**
 * Opens the record of runs, or makes it. `busyMs`: how long another process may hold it. One of an older version is kept beside it under
 * another name. Throws what SQLite throws, and for one of a newer version.
 */
export function openRunRecord(path: string, busyMs: number): DatabaseSync {
  const endsAt = performance.now() + busyMs;
  for (;;) {
    try {
      return openWritable(path, busyMs);
    } catch (error) {
      const readable = isUnwritable(error) ? openForLooking(path, { busyMs, fill, isSuitable }) : null;
      if (readable !== null) return readable;
      // Where two make the record at once, SQLite refuses one of them at once, however long it was to wait.
      if (!String(error).includes("database is locked") || performance.now() > endsAt) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 20);
    }
  }
}

function openWritable(path: string, busyMs: number): DatabaseSync {
  mkdirSync(dirname(path), { recursive: true });
  const database = new DatabaseSync(path, { timeout: busyMs });
  try {
    // One look for both: another process may be making the tables right now.
    const seen = database.prepare(LOOK).get();
    const version = Number(seen?.["version"]);
    if (version === VERSION) {
      database.exec("PRAGMA synchronous = NORMAL;");
      makeStampTable(database);
      return database;
    }
    if (seen?.["hasEvents"] === 0) {
      database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;");
      // At one go: to another process that opens it meanwhile, half a record would look like one of another version.
      database.exec(`BEGIN IMMEDIATE; ${SCHEMA} COMMIT;`);
      makeStampTable(database);
      return database;
    }
    // Two versions by turns would each put the other's history away, again and again.
    if (version > VERSION) throw new Error(`a newer version of Greenlight wrote it (form ${version}, here ${VERSION})`);
    // Its events can't be read as today's.
    setAside(database, path, version);
    return openWritable(path, busyMs);
  } catch (error) {
    if (database.isOpen) database.close();
    throw error;
  }
}
