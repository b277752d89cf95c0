import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { openForLooking } from "./look-only.ts";

const TABLE = "CREATE TABLE IF NOT EXISTS films (name TEXT)";

let folder: string;
let path: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "greenlight-look-"));
  path = join(folder, "films.sqlite");
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function write(name: string): DatabaseSync {
  const database = new DatabaseSync(path);
  database.exec(`PRAGMA journal_mode = WAL; ${TABLE}`);
  database.prepare("INSERT INTO films VALUES (?)").run(name);
  return database;
}

const look = (at = path): DatabaseSync | null =>
  openForLooking(at, {
    busyMs: 100,
    fill: (database) => database.exec(TABLE),
    isSuitable: (database) => database.prepare("SELECT name FROM films").all().length > 0,
  });

const namesIn = (database: DatabaseSync | null): unknown[] =>
  (database?.prepare("SELECT name FROM films").all() ?? []).map((row) => row["name"]);

describe("a database that is only looked at", () => {
  test("is read as it lies there, and can't be written", () => {
    write("Alien").close();
    const database = look();
    expect(namesIn(database)).toEqual(["Alien"]);
    expect(() => database?.exec("DELETE FROM films")).toThrow("readonly");
    database?.close();
  });

  test("is read without the files that SQLite would make beside it", () => {
    write("Alien").close();
    mkdirSync(`${path}-shm`);
    expect(namesIn(look())).toEqual(["Alien"]);
  });

  test("is read as it grows while another process writes it", () => {
    const writer = write("Alien");
    const database = look();
    writer.exec("INSERT INTO films VALUES ('Brazil')");
    expect(namesIn(database)).toEqual(["Alien", "Brazil"]);
    database?.close();
    writer.close();
  });

  test("is empty where there is no file nor folder, and still can't be written", () => {
    for (const absent of [path, join(folder, "none", "films.sqlite")]) {
      const database = look(absent);
      expect(namesIn(database)).toEqual([]);
      expect(() => database?.exec("INSERT INTO films VALUES ('Alien')")).toThrow("readonly");
    }
    expect(readdirSync(folder)).toEqual([]);
  });

  test("is none when it is no database, does not suit, or its folder is a file", () => {
    writeFileSync(path, "no database at all, but some text that is long enough to be read as one");
    expect(look()).toBeNull();
    expect(look(join(path, "films.sqlite"))).toBeNull();
    rmSync(path);
    new DatabaseSync(path).exec(TABLE);
    expect(look()).toBeNull();
  });
});
