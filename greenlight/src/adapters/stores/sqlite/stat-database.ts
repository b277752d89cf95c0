import { mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";

import type { IndexedFile, StatIndex } from "../../../engine/stat-index.ts";

/** The stat index in a SQLite file. It only saves work, so a damaged one is thrown away. */
export class StatDatabase implements StatIndex {
  #database: DatabaseSync;
  readonly #entries = new Map<string, IndexedFile>();
  readonly #changed = new Set<string>();

  constructor(path: string) {
    mkdirSync(dirname(path), { recursive: true });
    try {
      this.#database = open(path);
      this.#load();
    } catch (error) {
      if (/locked|busy|full|readonly|unable to open/iu.test(String(error))) throw error;
      for (const suffix of ["", "-wal", "-shm"]) rmSync(`${path}${suffix}`, { force: true });
      this.#entries.clear();
      this.#database = open(path);
    }
  }

  #load(): void {
    for (const row of this.#database.prepare("SELECT path, identity, digest FROM files").iterate()) {
      this.#entries.set(String(row["path"]), { identity: String(row["identity"]), digest: String(row["digest"]) });
    }
  }

  get(path: string): IndexedFile | null {
    return this.#entries.get(path) ?? null;
  }

  set(path: string, entry: IndexedFile): void {
    this.#entries.set(path, entry);
    this.#changed.add(path);
  }

  flush(): void {
    if (this.#changed.size === 0) return;
    const insert = this.#database.prepare("INSERT OR REPLACE INTO files VALUES (?, ?, ?)");
    try {
      this.#database.exec("BEGIN IMMEDIATE");
      for (const path of this.#changed) {
        const entry = this.#entries.get(path);
        if (entry !== undefined) insert.run(path, entry.identity, entry.digest);
      }
      this.#database.exec("COMMIT");
      this.#changed.clear();
    } catch {
      // It only saves work: a full disk or a busy file must not spoil a run that passed.
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
    }
  }

  close(): void {
    this.#database.close();
  }
}

function open(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 5000 });
  database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;");
  database.exec(
    "CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, identity TEXT NOT NULL, digest TEXT NOT NULL) WITHOUT ROWID",
  );
  return database;
}
