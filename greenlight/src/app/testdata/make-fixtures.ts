import { mkdir, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";

import { z } from "zod";

import { problem, ProblemError } from "../../base/problem.ts";
import { fitTable } from "../../statistics/tables/fit-table.ts";
import { sampleRows } from "../../statistics/tables/sample-rows.ts";
import { columnName, type Cell } from "../../statistics/tables/table.ts";
import { makeTable, filmsPath } from "./make-table.ts";
import { mockModel } from "./mock-model.ts";
import { readTable } from "./read-table.ts";
import { writePieces } from "./write-rows.ts";

const MAX_FILE_BYTES = 16 * 1024 * 1024;
const MAX_ROWS = 1_000_000;

/** A path that stays below the folder of the fixtures. */
const PATH = z
  .string()
  .min(1)
  .max(200)
  .regex(/^(?!\.{0,2}(\/|$))[^/\\\0]+(\/(?!\.{0,2}(\/|$))[^/\\\0]+)*$/u, "not a path below the folder");
const NAME = z.string().regex(/^[A-Za-z_][\w ]{0,62}$/u, "not a name of letters, digits, spaces and _");
const LIKE = { rows: z.int().min(0).max(MAX_ROWS), like: z.string().optional(), seed: z.int().optional() };

const FIXTURES = z.strictObject({
  seed: z.int().default(1),
  files: z
    .record(
      PATH,
      z.union([
        z.strictObject({ text: z.string() }),
        z.strictObject({ json: z.json() }),
        z.strictObject(LIKE),
        z.strictObject({ model: z.literal("mock"), seed: z.int().optional() }),
      ]),
    )
    .default({}),
  databases: z
    .record(
      PATH,
      z.record(
        NAME,
        z.union([
          z.strictObject({
            columns: z.record(NAME, z.enum(["text", "integer", "real", "blob"])),
            rows: z.array(z.array(z.union([z.string(), z.number(), z.null()]))).max(MAX_ROWS),
          }),
          z.strictObject(LIKE),
        ]),
      ),
    )
    .default({}),
});

type Fixtures = z.infer<typeof FIXTURES>;
type TableFixture = Fixtures["databases"][string][string];

/**
 * Makes the files and SQLite databases that a JSON file declares, below `out`; each whole or not at all. Paths of `like` are relative
 * to the declaring file. Returns the paths. The same declaration gives the same files.
 */
export async function makeFixtures(order: {
  readonly from: string;
  readonly out: string;
  readonly folder: string;
}): Promise<readonly string[]> {
  const fixtures = await readFixtures(order.from);
  const likeOf = (like: string | undefined): string =>
    like === undefined ? filmsPath(order.folder) : resolve(dirname(order.from), like);
  const made: string[] = [];
  for (const [path, file] of Object.entries(fixtures.files)) {
    const out = join(order.out, path);
    if ("rows" in file) {
      const { rows: rowCount, seed = fixtures.seed } = file;
      await makeTable({ rowCount, seed, out, like: likeOf(file.like), folder: order.folder });
    } else if ("text" in file) await writePieces(out, [file.text]);
    else if ("json" in file) await writePieces(out, [`${JSON.stringify(file.json, null, 2)}\n`]);
    else await writePieces(out, [mockModel(file.seed ?? fixtures.seed)]);
    made.push(path);
  }
  for (const [path, tables] of Object.entries(fixtures.databases)) {
    await makeDatabase(join(order.out, path), Object.entries(tables), { seed: fixtures.seed, likeOf });
    made.push(path);
  }
  return made;
}

async function readFixtures(path: string): Promise<Fixtures> {
  let json: unknown;
  try {
    const { size } = await stat(path);
    if (size > MAX_FILE_BYTES) throw new RangeError(`larger than ${MAX_FILE_BYTES} bytes`);
    json = JSON.parse(await readFile(path, "utf8"));
  } catch (error) {
    throw invalid(path, error instanceof Error ? error.message : String(error));
  }
  const parsed = FIXTURES.safeParse(json);
  if (parsed.success) return parsed.data;
  throw invalid(path, z.prettifyError(parsed.error));
}

function invalid(place: string, message: string): ProblemError {
  return new ProblemError([
    problem("TESTDATA_UNREADABLE", { place, message, remedy: "mend the declaration of the fixtures" }),
  ]);
}

interface DatabaseSource {
  readonly seed: number;
  likeOf(like: string | undefined): string;
}

async function makeDatabase(
  path: string,
  tables: readonly (readonly [string, TableFixture])[],
  source: DatabaseSource,
): Promise<void> {
  const { DatabaseSync } = await import("node:sqlite");
  const temporary = `${path}.${process.pid}.part`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await rm(temporary, { force: true });
    const database = new DatabaseSync(temporary);
    try {
      for (const [name, table] of tables) {
        const { columns, rows } = await contentOf(table, source);
        const types = columns.map(({ name: column, type }) => `${quoted(column)} ${type}`).join(", ");
        database.exec(`CREATE TABLE ${quoted(name)} (${types}) STRICT`);
        const insert = database.prepare(`INSERT INTO ${quoted(name)} VALUES (${columns.map(() => "?").join(", ")})`);
        database.exec("BEGIN");
        for (const row of rows) insert.run(...row);
        database.exec("COMMIT");
      }
    } finally {
      database.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {});
    if (error instanceof ProblemError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new ProblemError([problem("TESTDATA_UNWRITABLE", { place: path, message })]);
  }
}

interface TableContent {
  readonly columns: readonly { readonly name: string; readonly type: string }[];
  readonly rows: Iterable<readonly (string | number | null)[]>;
}

async function contentOf(table: TableFixture, source: DatabaseSource): Promise<TableContent> {
  if ("columns" in table) {
    return { columns: Object.entries(table.columns).map(([name, type]) => ({ name, type })), rows: table.rows };
  }
  const { columns, ...description } = fitTable(await readTable(source.likeOf(table.like)));
  const drawn = sampleRows({ columns, ...description }, table.seed ?? source.seed);
  const isText = columns.map((column) => column.kind !== "number" || column.dateForm !== null);
  return {
    columns: columns.map((column, at) => ({ name: columnName(column), type: isText[at] === true ? "text" : "real" })),
    rows: take(drawn, table.rows, (cell, at) => {
      if (cell === null) return null;
      return isText[at] === true ? String(cell) : Number(cell);
    }),
  };
}

function* take(
  rows: Iterator<readonly Cell[], never>,
  count: number,
  convert: (cell: Cell, at: number) => string | number | null,
): Generator<readonly (string | number | null)[]> {
  for (let at = 0; at < count; at += 1) yield rows.next().value.map(convert);
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}
