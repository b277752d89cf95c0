import { mkdirSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";

import { digestText } from "../../../base/file-digest.ts";
import { problem, ProblemError } from "../../../base/problem.ts";
import type { CacheEntry, CacheStore } from "../../../engine/blob-store.ts";
import type { IndexedFile, StatIndex } from "../../../engine/files/stat-index.ts";
import { emptyDatabase, isUnwritable, openForLooking } from "./look-only.ts";
import { readCacheEntry } from "./read-cache-entry.ts";
import type { ByteTable } from "./small-blobs.ts";

const SCHEMA = `
  CREATE TABLE IF NOT EXISTS files (path TEXT PRIMARY KEY, identity TEXT NOT NULL, digest TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS blobs (digest TEXT PRIMARY KEY, bytes BLOB NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS cache (key TEXT PRIMARY KEY, json TEXT NOT NULL, checksum TEXT NOT NULL) WITHOUT ROWID;
`;

/** How many changed files are gathered before they are put down without being asked. */
const MAX_GATHERED = 10_000;
/** Up to here all rows are read at once: a query for each file costs more than its row. */
const MAX_SEEN = 50_000;
/** Milliseconds in which results are gathered: a write for each costs more than its rows. A crash loses that much work. */
const GATHER_MS = 100;
/** Milliseconds that a read or write waits while another process holds the file. */
const BUSY_MS = 5000;
const REST_MS = 10_000;

/**
 * What only saves work, in one SQLite file: the stat index, the cache's entries and small blobs. A damaged file is thrown away, and
 * what it held is worked out again. Writes are gathered and put down together; one that fails costs work, never the run.
 */
export class WorkDatabase {
  readonly index: StatIndex;
  readonly cache: CacheStore;
  /** For `SmallBlobs`. */
  readonly bytes: ByteTable;
  readonly #path: string;
  #open: OpenDatabase;
  /** Set since the last write. */
  readonly #files = new Map<string, IndexedFile>();
  /** Read or written before: an output is looked at by every step that needs it. */
  readonly #seen = new Map<string, IndexedFile>();
  /** True: what is not in `#seen` is not in the file either. Null: nothing was asked yet. */
  #isWhole: boolean | null = null;
  readonly #entries = new Map<string, CacheEntry>();
  /** Null: to be deleted. */
  readonly #bytes = new Map<string, Uint8Array | null>();
  #timer: NodeJS.Timeout | undefined;
  readonly #busyMs: number;
  /** True: what is damaged is left alone, too. */
  #isLooking = false;
  /** By `performance.now()`: after a write that failed the next one is not tried at once, as each may wait long to fail. */
  #restsUntil = 0;

  /**
   * Opens or creates the file; `busyMs` is how long another process may hold it. With `isLooking` one that can't be written is only
   * read. Throws a ProblemError when it can't be read or written.
   */
  constructor(path: string, options: { readonly busyMs?: number; readonly isLooking?: boolean } = {}) {
    this.#path = path;
    this.#busyMs = options.busyMs ?? BUSY_MS;
    try {
      mkdirSync(dirname(path), { recursive: true });
      this.#open = this.#openOrReplace();
    } catch (error) {
      const found = options.isLooking === true && isUnwritable(error) ? this.#openForLooking() : null;
      if (found === null) throw unwritable(path, error);
      this.#open = found;
      this.#isLooking = true;
    }
    const numberOf = (): number => this.#open.id;
    this.index = {
      get id() {
        return numberOf();
      },
      get: (file) => this.#getFile(file),
      set: (file, entry) => {
        this.#files.set(file, this.#remember(file, entry));
        if (this.#files.size >= MAX_GATHERED && performance.now() >= this.#restsUntil) this.#write();
      },
      flush: () => this.#write(),
      close: () => this.close(),
    };
    this.cache = {
      get: async (key) => this.#getEntry(key),
      put: async (key, entry) => {
        this.#entries.set(key, entry);
        this.#writeSoon();
      },
      flush: async () => this.#write(),
    };
    this.bytes = {
      get: (digest) => this.#getBytes(digest),
      put: (digest, bytes) => {
        this.#bytes.set(digest, bytes);
        this.#writeSoon();
      },
      delete: (digest) => {
        this.#bytes.set(digest, null);
        this.#writeSoon();
      },
    };
  }

  close(): void {
    this.#write();
    this.#open.database.close();
  }

  #getFile(path: string): IndexedFile | null {
    if (this.#isWhole === null) this.#loadFiles();
    const seen = this.#seen.get(path);
    if (seen !== undefined) return seen;
    if (this.#isWhole === true) return null;
    const row = this.#read(() => this.#open.getFile.get(path));
    if (row === undefined) return null;
    return this.#remember(path, { identity: String(row["identity"]), digest: String(row["digest"]) });
  }

  #loadFiles(): void {
    this.#isWhole = true;
    this.#read(() => {
      const rows = this.#open.database.prepare(`SELECT path, identity, digest FROM files LIMIT ${MAX_SEEN}`);
      for (const row of rows.iterate()) {
        const path = String(row["path"]);
        if (!this.#seen.has(path))
          this.#seen.set(path, { identity: String(row["identity"]), digest: String(row["digest"]) });
      }
      this.#isWhole = this.#seen.size < MAX_SEEN;
      return undefined;
    });
  }

  #remember(path: string, entry: IndexedFile): IndexedFile {
    if (this.#seen.size >= 2 * MAX_SEEN) {
      this.#write();
      this.#seen.clear();
      this.#isWhole = false;
    }
    this.#seen.set(path, entry);
    return entry;
  }

  #getEntry(key: string): CacheEntry | null {
    const gathered = this.#entries.get(key);
    if (gathered !== undefined) return gathered;
    const row = this.#read(() => this.#open.getEntry.get(key));
    if (row === undefined) return null;
    const text = String(row["json"]);
    // An entry that was altered or torn is no entry: the step runs and writes it anew.
    return digestText(`${key}\n${text}`) === row["checksum"] ? readCacheEntry(text) : null;
  }

  #getBytes(digest: string): Uint8Array | null {
    const gathered = this.#bytes.get(digest);
    if (gathered !== undefined) return gathered;
    const bytes = this.#read(() => this.#open.getBytes.get(digest))?.["bytes"];
    return bytes instanceof Uint8Array ? bytes : null;
  }

  #writeSoon(): void {
    if (performance.now() < this.#restsUntil) return;
    this.#timer ??= setTimeout(() => this.#write(), GATHER_MS).unref();
  }

  #read(query: () => Record<string, unknown> | undefined): Record<string, unknown> | undefined {
    try {
      return query();
    } catch (error) {
      if (isDamage(error)) this.#startAnew();
      return undefined;
    }
  }

  #write(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    if (this.#files.size === 0 && this.#entries.size === 0 && this.#bytes.size === 0) return;
    const { database, putFile, putEntry, putBytes, deleteBytes } = this.#open;
    try {
      database.exec("BEGIN IMMEDIATE");
      for (const [path, { identity, digest }] of this.#files) putFile.run(path, identity, digest);
      for (const [digest, bytes] of this.#bytes) {
        if (bytes === null) deleteBytes.run(digest);
        else putBytes.run(digest, bytes);
      }
      for (const [key, entry] of this.#entries) {
        const text = JSON.stringify(entry);
        putEntry.run(key, text, digestText(`${key}\n${text}`));
      }
      database.exec("COMMIT");
      this.#files.clear();
      this.#entries.clear();
      this.#bytes.clear();
    } catch (error) {
      // A full disk or a busy file: what was gathered stays in memory and is tried again later.
      this.#restsUntil = performance.now() + REST_MS;
      if (database.isTransaction) database.exec("ROLLBACK");
      if (isDamage(error)) this.#startAnew();
      if (this.#files.size >= 2 * MAX_GATHERED) this.#files.clear();
    }
  }

  #openForLooking(): OpenDatabase | null {
    const database = openForLooking(this.#path, { busyMs: this.#busyMs, fill, isSuitable });
    return database === null ? null : prepare(database, idIn(database));
  }

  #startAnew(): void {
    this.#open.database.close();
    this.#open = this.#isLooking ? prepare(emptyDatabase(fill), 0) : this.#replace();
  }

  #openOrReplace(): OpenDatabase {
    try {
      return openDatabase(this.#path, this.#busyMs);
    } catch (error) {
      if (!isDamage(error)) throw error;
      return this.#replace();
    }
  }

  #replace(): OpenDatabase {
    for (const suffix of ["", "-wal", "-shm"]) rmSync(`${this.#path}${suffix}`, { force: true });
    return openDatabase(this.#path, this.#busyMs);
  }
}

interface OpenDatabase {
  readonly id: number;
  readonly database: DatabaseSync;
  readonly getFile: StatementSync;
  readonly getEntry: StatementSync;
  readonly putFile: StatementSync;
  readonly putEntry: StatementSync;
  readonly getBytes: StatementSync;
  readonly putBytes: StatementSync;
  readonly deleteBytes: StatementSync;
}

function openDatabase(path: string, busyMs: number): OpenDatabase {
  const database = new DatabaseSync(path, { timeout: busyMs });
  try {
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = OFF;");
    database.exec(SCHEMA);
    return prepare(database, idOf(database));
  } catch (error) {
    database.close();
    throw error;
  }
}

function prepare(database: DatabaseSync, id: number): OpenDatabase {
  return {
    id,
    database,
    getFile: database.prepare("SELECT identity, digest FROM files WHERE path = ?"),
    getEntry: database.prepare("SELECT json, checksum FROM cache WHERE key = ?"),
    putFile: database.prepare("INSERT OR REPLACE INTO files VALUES (?, ?, ?)"),
    putEntry: database.prepare("INSERT OR REPLACE INTO cache VALUES (?, ?, ?)"),
    getBytes: database.prepare("SELECT bytes FROM blobs WHERE digest = ?"),
    putBytes: database.prepare("INSERT OR REPLACE INTO blobs VALUES (?, ?)"),
    deleteBytes: database.prepare("DELETE FROM blobs WHERE digest = ?"),
  };
}

function fill(database: DatabaseSync): void {
  database.exec(SCHEMA);
}

function isSuitable(database: DatabaseSync): boolean {
  return idIn(database) !== 0;
}

function idIn(database: DatabaseSync): number {
  return Number(database.prepare("PRAGMA user_version").get()?.["user_version"]);
}

/** Chosen once when the file is made. */
function idOf(database: DatabaseSync): number {
  const id = idIn(database);
  if (id !== 0) return id;
  // A name, no secret: the cryptographic source would cost ten milliseconds of loading.
  const chosen = 1 + Math.floor(Math.random() * (2 ** 31 - 1));
  database.exec(`PRAGMA user_version = ${chosen}`);
  return chosen;
}

function unwritable(place: string, error: unknown): ProblemError {
  const message = error instanceof Error ? error.message : String(error);
  return new ProblemError([problem("STORE_UNWRITABLE", { place, message })], { cause: error });
}

function isDamage(error: unknown): boolean {
  return /malformed|not a database|corrupt|no such (table|column)|has no column|columns but/iu.test(String(error));
}
