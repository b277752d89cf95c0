import { DatabaseSync } from "node:sqlite";

import type { HeldEntry, WorkHoldings } from "../../../app/cleaning/holdings.ts";
import { digestText } from "../../../base/file-digest.ts";
import { compactDatabase } from "./compact-database.ts";
import { readCacheEntry } from "./read-cache-entry.ts";

/** What saves work, as `clean` sees it, by a connection of its own. The file must be one that `WorkDatabase` has opened. */
export class WorkFileHoldings implements WorkHoldings {
  readonly #database: DatabaseSync;

  constructor(path: string) {
    this.#database = new DatabaseSync(path, { timeout: 5000 });
    this.#database.exec("PRAGMA synchronous = NORMAL");
  }

  *entries(): Iterable<HeldEntry> {
    const rows = this.#database.prepare("SELECT key, json, checksum FROM cache").iterate();
    for (const row of rows) {
      const [key, text] = [String(row["key"]), String(row["json"])];
      const isSound = digestText(`${key}\n${text}`) === row["checksum"];
      yield { key, entry: isSound ? readCacheEntry(text) : null, bytes: Buffer.byteLength(text) };
    }
  }

  *smallBlobs(): Iterable<{ readonly digest: string; readonly bytes: number }> {
    const rows = this.#database.prepare("SELECT digest, octet_length(bytes) AS bytes FROM blobs").iterate();
    for (const row of rows) yield { digest: String(row["digest"]), bytes: Number(row["bytes"]) };
  }

  readSmallBlob(digest: string): Uint8Array | null {
    const bytes = this.#database.prepare("SELECT bytes FROM blobs WHERE digest = ?").get(digest)?.["bytes"];
    return bytes instanceof Uint8Array ? bytes : null;
  }

  removeEntries(keys: readonly string[]): void {
    this.#removeAll("DELETE FROM cache WHERE key = ?", keys);
  }

  removeSmallBlobs(digests: readonly string[]): void {
    this.#removeAll("DELETE FROM blobs WHERE digest = ?", digests);
  }

  compact(): void {
    compactDatabase(this.#database);
  }

  close(): void {
    this.#database.close();
  }

  #removeAll(sql: string, values: readonly string[]): void {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const remove = this.#database.prepare(sql);
      for (const value of values) remove.run(value);
      this.#database.exec("COMMIT");
    } finally {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
    }
  }
}
