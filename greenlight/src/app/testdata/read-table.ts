import { createReadStream } from "node:fs";
import { readFile, stat } from "node:fs/promises";
import { createInterface } from "node:readline";

import { problem, ProblemError } from "../../base/problem.ts";
import type { Table } from "../../statistics/tables/table.ts";
import { parseCsv } from "./parse-csv.ts";
import { TableBuilder } from "./table-builder.ts";

const MAX_LIST_BYTES = 256 * 1024 * 1024;
const MAX_RECORD_LENGTH = 1024 * 1024;
const NUMBER = /^-?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/iu;

/**
 * Reads a table: `.jsonl` (an object a line), `.csv` (with a line of names; an empty field is no value, a column of numbers holds
 * numbers) or `.json` (a list of objects). Of a large file a sample of 20,000 rows is kept. Throws TESTDATA_UNREADABLE.
 */
export async function readTable(path: string): Promise<Table> {
  const builder = new TableBuilder();
  let place = path;
  try {
    let number = 0;
    for await (const value of valuesOf(path)) {
      number += 1;
      place = `${path}, row ${number}`;
      const fault = builder.add(value);
      if (fault !== null) throw new RangeError(fault);
    }
  } catch (error) {
    throw unreadable(place, error instanceof Error ? error.message : String(error));
  }
  const table = builder.table();
  if (table.rowCount === 0) throw unreadable(path, "it has no rows");
  return path.endsWith(".csv") ? withNumbers(table) : table;
}

async function* valuesOf(path: string): AsyncGenerator<unknown> {
  if (path.endsWith(".csv")) yield* csvRows(path);
  else if (path.endsWith(".jsonl") || path.endsWith(".ndjson")) yield* jsonLines(path);
  else if (path.endsWith(".json")) yield* jsonList(path);
  else throw new RangeError("not a .jsonl, .csv or .json file");
}

async function* jsonLines(path: string): AsyncGenerator<unknown> {
  // A line beyond bounds has to be read to be refused; a file of one such line is refused by its size as a list would be.
  const lines = createInterface({ input: createReadStream(path, "utf8"), crlfDelay: Number.POSITIVE_INFINITY });
  for await (const line of lines) {
    if (line.length > MAX_RECORD_LENGTH) throw new RangeError(`longer than ${MAX_RECORD_LENGTH} characters`);
    if (line.trim() !== "") yield JSON.parse(line.replace(/^\uFEFF/u, ""));
  }
}

async function* jsonList(path: string): AsyncGenerator<unknown> {
  const { size } = await stat(path);
  if (size > MAX_LIST_BYTES) throw new RangeError(`larger than ${MAX_LIST_BYTES} bytes; write it as .jsonl`);
  const list: unknown = JSON.parse(await readFile(path, "utf8"));
  if (!Array.isArray(list)) throw new RangeError("not a list of objects");
  yield* list;
}

async function* csvRows(path: string): AsyncGenerator<unknown> {
  let names: readonly string[] | null = null;
  for await (const record of parseCsv(createReadStream(path, "utf8"), MAX_RECORD_LENGTH)) {
    if (names === null) {
      if (new Set(record).size !== record.length) throw new RangeError("two columns have one name");
      names = record;
    } else if (record.length === names.length) {
      yield Object.fromEntries(names.map((name, at) => [name, record[at] === "" ? null : record[at]]));
    } else if (record.length > 1 || record[0] !== "") {
      throw new RangeError(`${record.length} fields instead of ${names.length}`);
    }
  }
}

/** CSV knows text only: a column of which every value is written as a number is one of numbers. */
function withNumbers(table: Table): Table {
  const columns = table.columns.map((column) => {
    const isNumeric = column.cells.every((cell) => cell === null || NUMBER.test(String(cell)));
    if (!isNumeric) return column;
    return { ...column, cells: column.cells.map((cell) => (cell === null ? null : Number(cell))) };
  });
  return { ...table, columns };
}

function unreadable(place: string, message: string): ProblemError {
  return new ProblemError([problem("TESTDATA_UNREADABLE", { place, message })]);
}
