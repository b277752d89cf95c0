import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { DatabaseSync } from "node:sqlite";

import * as fc from "fast-check";
import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { ProblemError } from "../../base/problem.ts";
import { makeFixtures } from "./make-fixtures.ts";
import { makeTable, type MadeTable } from "./make-table.ts";
import { mockModel } from "./mock-model.ts";
import { csvRecord, parseCsv } from "./parse-csv.ts";
import { readTable } from "./read-table.ts";

const FILMS = join(dirname(dirname(createRequire(import.meta.url).resolve("vega-datasets"))), "data/movies.json");

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "testdata-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const order = (change: Partial<Parameters<typeof makeTable>[0]>): Promise<MadeTable> =>
  makeTable({ rowCount: 100, seed: 1, out: join(folder, "made.jsonl"), like: FILMS, folder, ...change });

async function problemOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => null,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof ProblemError)) throw new Error(`expected a problem, got ${String(error)}`);
  return error.problems
    .map(({ code, place, message }) => `${code} ${place.replace(folder, "")}: ${message}`)
    .join("\n");
}

describe("ten thousand synthetic films", () => {
  test("are like the real ones, column by column and pair by pair, and none of them is real", async () => {
    const { distance, rowCount } = await order({ rowCount: 10_000 });
    expect(rowCount).toBe(10_000);
    const limits: Record<string, number> = { Director: 0.15, "US DVD Sales": 0.06, Distributor: 0.05 };
    const far = distance.columns.filter(
      ({ name, distance: each, missing }) => (each ?? 0) > (limits[name] ?? 0.025) || missing > 0.015,
    );
    expect(far).toEqual([]);
    expect(distance.meanCorrelation).toBeLessThan(0.035);
    expect(distance.correlation).toBeLessThan(0.12);

    const text = await readFile(join(folder, "made.jsonl"), "utf8");
    const films = text
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const real = JSON.parse(readFileSync(FILMS, "utf8")) as Record<string, unknown>[];
    expect(Object.keys(films[0] ?? {})).toEqual(Object.keys(real[0] ?? {}));
    const titles = new Set(real.map((film) => film["Title"]).filter((title) => String(title).length > 3));
    titles.delete(null);
    expect(films.map((film) => film["Title"]).filter((title) => titles.has(title))).toEqual([]);
  });
});

test("the same seed gives the same bytes, another seed others", async () => {
  const first = await bytesOf(5);
  expect(await bytesOf(5)).toBe(first);
  expect(await bytesOf(6)).not.toBe(first);
});

async function bytesOf(seed: number): Promise<string> {
  await order({ seed, like: await smallTable() });
  return readFile(join(folder, "made.jsonl"), "utf8");
}

/** Nested, with a name that some rows leave out. */
async function smallTable(): Promise<string> {
  const path = join(folder, "small.jsonl");
  const rows = Array.from({ length: 60 }, (_, at) => ({
    facts: { minutes: 80 + (at % 40), "the genre": at % 3 === 0 ? "Drama" : "Comedy" },
    ...(at % 4 === 0 ? {} : { votes: at * 10 }),
    "a,b": at % 2 === 0 ? null : 'say "x"',
  }));
  await writeFile(path, rows.map((row) => `${JSON.stringify(row)}\n`).join(""));
  return path;
}

test("rows have the shape of the table: nested, null where it says null, left out where it leaves out", async () => {
  await order({ like: await smallTable() });
  const rows = (await readFile(join(folder, "made.jsonl"), "utf8"))
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as { facts: object; votes?: number; "a,b": string | null });
  expect(rows).toHaveLength(100);
  expect(new Set(rows.map((row) => Object.keys(row.facts).join()))).toEqual(new Set(["minutes,the genre"]));
  expect(rows.some((row) => !("votes" in row))).toBe(true);
  expect(rows.every((row) => "a,b" in row && row.votes !== null)).toBe(true);
});

test("a table goes through CSV and keeps its kinds", async () => {
  const out = join(folder, "made.csv");
  await order({ like: await smallTable(), out });
  const again = await readTable(out);
  expect(again.rowCount).toBe(100);
  expect(again.columns.map(({ path }) => path[0])).toEqual(["facts.minutes", "facts.the genre", "a,b", "votes"]);
  expect(again.columns[0]?.cells.every((cell) => typeof cell === "number")).toBe(true);
  expect(new Set(again.columns[2]?.cells)).toEqual(new Set([null, 'say "x"']));
});

test("any fields survive CSV, however the text is cut into pieces", async () => {
  const records = fc.array(fc.array(fc.string({ maxLength: 8 }), { minLength: 2, maxLength: 2 }), { minLength: 1 });
  await fc.assert(
    fc.asyncProperty(records, fc.integer({ min: 1, max: 5 }), async (rows, size) => {
      const clean = rows.map((row) => row.map((field) => field.replaceAll("\uFEFF", "")));
      const text = clean.map(csvRecord).join("");
      async function* pieces(): AsyncGenerator<string> {
        for (let at = 0; at < text.length; at += size) yield text.slice(at, at + size);
      }
      const found: (readonly string[])[] = [];
      for await (const record of parseCsv(pieces(), 10_000)) found.push(record);
      expect(found).toEqual(clean);
    }),
  );
});

test.each([
  ["missing.jsonl", null, "ENOENT"],
  ["empty.jsonl", "\n\n", "it has no rows"],
  ["list.jsonl", '{"a":[1]}\n', "row 1: a is a list"],
  ["broken.jsonl", '{"a":1}\n{"a":\n', "row 1: "],
  ["text.jsonl", '"text"\n', "row 1: no object"],
  ["object.json", '{"a":1}', "not a list of objects"],
  ["short.csv", "a,b\n1\n", "1 fields instead of 2"],
  ["twice.csv", "a,a\n1,2\n", "two columns have one name"],
  ["open.csv", 'a\n"1\n', "a quote is never closed"],
  ["other.txt", "a", "not a .jsonl, .csv or .json file"],
])("%s can't be read, and is refused with its place", async (name, content, message) => {
  const like = join(folder, name);
  if (content !== null) await writeFile(like, content);
  const found = await problemOf(order({ like }));
  expect(found).toContain(`TESTDATA_UNREADABLE /${name}`);
  expect(found).toContain(message);
});

test("a deep or wide row is refused", async () => {
  const like = join(folder, "odd.json");
  await writeFile(like, `[${'{"a":'.repeat(20)}1${"}".repeat(20)}]`);
  expect(await problemOf(order({ like }))).toContain("nested more than 8 deep");
  await writeFile(like, JSON.stringify([Object.fromEntries(Array.from({ length: 501 }, (_, at) => [`c${at}`, at]))]));
  expect(await problemOf(order({ like }))).toContain("more than 500 columns");
});

test("a place that can't be written is told, and nothing is left there", async () => {
  await writeFile(join(folder, "file"), "");
  const found = await problemOf(order({ like: await smallTable(), out: join(folder, "file/made.jsonl") }));
  expect(found).toContain("TESTDATA_UNWRITABLE /file/made.jsonl");
});

describe("declared fixtures", () => {
  test("become files and SQLite databases, the same each time", async () => {
    await smallTable();
    const from = join(folder, "fixtures.json");
    await writeFile(
      from,
      JSON.stringify({
        seed: 3,
        files: {
          "notes/read me.txt": { text: "hello\n" },
          "settings.json": { json: { port: 1 } },
          "rows.jsonl": { like: "small.jsonl", rows: 5 },
          "model.json": { model: "mock" },
        },
        databases: {
          "films.sqlite": {
            films: {
              columns: { title: "text", rating: "real" },
              rows: [
                ["A", 6.5],
                ["B", null],
              ],
            },
            more: { like: "small.jsonl", rows: 20 },
          },
        },
      }),
    );
    const make = (out: string) => makeFixtures({ from, out: join(folder, out), folder });
    expect(await make("one")).toEqual([
      "notes/read me.txt",
      "settings.json",
      "rows.jsonl",
      "model.json",
      "films.sqlite",
    ]);
    await make("two");
    const database = new DatabaseSync(join(folder, "one/films.sqlite"), { readOnly: true });
    expect(database.prepare("SELECT title, rating FROM films").all()).toMatchObject([
      { title: "A", rating: 6.5 },
      { title: "B", rating: null },
    ]);
    expect(database.prepare('SELECT count(*) AS count, count("votes") < 20 AS gaps FROM more').get()).toMatchObject({
      count: 20,
      gaps: 1,
    });
    database.close();
    for (const file of ["rows.jsonl", "films.sqlite", "model.json"])
      expect(readFileSync(join(folder, "one", file)).equals(readFileSync(join(folder, "two", file)))).toBe(true);
  });

  test.each(["../out.txt", "/etc/x", "a/../../b", "", ".", "a//b", "a\\b"])("never lie outside: %j", async (path) => {
    const from = join(folder, "fixtures.json");
    await writeFile(from, JSON.stringify({ files: { [path]: { text: "x" } } }));
    expect(await problemOf(makeFixtures({ from, out: join(folder, "out"), folder }))).toContain("TESTDATA_UNREADABLE");
  });

  test("that SQLite refuses are told, and leave no half database", async () => {
    const from = join(folder, "fixtures.json");
    const table = { columns: { rating: "real" }, rows: [["high"]] };
    await writeFile(from, JSON.stringify({ databases: { "x.sqlite": { films: table } } }));
    expect(await problemOf(makeFixtures({ from, out: folder, folder }))).toContain("TESTDATA_UNWRITABLE /x.sqlite");
  });
});

test("a mock model is the same for one seed and another for the next", () => {
  expect(mockModel(1)).toBe(mockModel(1));
  expect(mockModel(1)).not.toBe(mockModel(2));
});
