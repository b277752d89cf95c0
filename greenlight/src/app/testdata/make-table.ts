import { createRequire } from "node:module";
import { dirname, join } from "node:path";

import { problem, ProblemError } from "../../base/problem.ts";
import { compareTables, type TableDistance } from "../../statistics/tables/compare-tables.ts";
import { withoutRareNames } from "../../statistics/tables/describe-column.ts";
import { fitTable } from "../../statistics/tables/fit-table.ts";
import { sampleRows } from "../../statistics/tables/sample-rows.ts";
import { columnName, type Cell, type Table } from "../../statistics/tables/table.ts";
import { csvRecord } from "./parse-csv.ts";
import { readTable } from "./read-table.ts";
import { rowObject } from "./table-builder.ts";
import { writePieces } from "./write-rows.ts";

export interface TableOrder {
  readonly rowCount: number;
  readonly seed: number;
  /** `.jsonl` or `.csv`. */
  readonly out: string;
  /** A table to be like; null: the films of the package vega-datasets, as `folder` finds it. */
  readonly like: string | null;
  readonly folder: string;
}

export interface MadeTable {
  readonly rowCount: number;
  readonly sizeBytes: number;
  /** Of the first rows, from the table that they are like. */
  readonly distance: TableDistance;
}

/** Rows by which the result is compared with its model. */
const COMPARED_ROWS = 10_000;

/**
 * Makes a table of any size that is like another one: same columns and kinds of values, same distributions, same correlations, and
 * none of its rows. The description is fitted anew each time, from the table itself: nothing of it has to be kept, or can grow old.
 * The same table, seed and number of rows give the same bytes.
 */
export async function makeTable(order: TableOrder): Promise<MadeTable> {
  const table = await readTable(order.like ?? filmsPath(order.folder));
  const description = fitTable(table);
  const { columns } = description;
  const isCsv = order.out.endsWith(".csv");
  const first: (readonly Cell[])[] = [];
  function* pieces(): Generator<string> {
    if (isCsv) yield csvRecord(columns.map(columnName));
    const rows = sampleRows(description, order.seed);
    for (let count = 0; count < order.rowCount; count += 1) {
      const cells = rows.next().value;
      if (count < COMPARED_ROWS) first.push(cells);
      yield isCsv ? csvRecord(cells) : `${JSON.stringify(rowObject(columns, cells))}\n`;
    }
  }
  const sizeBytes = await writePieces(order.out, pieces());
  const named: Table = { ...table, columns: table.columns.map(withoutRareNames) };
  const made: Table = {
    rowCount: first.length,
    columns: columns.map(({ path, isLeftOut }, at) => ({
      path,
      isLeftOut,
      cells: first.map((row) => row[at] ?? null),
    })),
  };
  return { rowCount: order.rowCount, sizeBytes, distance: compareTables(named, made) };
}

/** The films that the reference service is trained on: read where npm put them. */
export function filmsPath(folder: string): string {
  try {
    const entry = createRequire(join(folder, "any.js")).resolve("vega-datasets");
    return join(dirname(dirname(entry)), "data", "movies.json");
  } catch {
    const message = "the package vega-datasets, whose films are the usual model, is not installed here";
    const remedy = "name a table with --like, or run `npm install --save-dev vega-datasets`";
    throw new ProblemError([problem("TESTDATA_UNREADABLE", { place: folder, message, remedy })]);
  }
}
