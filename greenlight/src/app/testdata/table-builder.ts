import { seededRandom } from "../../statistics/random.ts";
import type { Cell, Table } from "../../statistics/tables/table.ts";

/** So many rows say enough of a distribution; of a larger file, as many are drawn. */
const MAX_ROWS = 20_000;
const MAX_COLUMNS = 500;
const MAX_DEPTH = 8;

type Row = ReadonlyMap<string, { readonly path: readonly string[]; readonly cell: Cell }>;

/** Gathers rows into a table, a bounded number of them: every row of the source has the same chance (reservoir sampling). */
export class TableBuilder {
  readonly #rows: Row[] = [];
  readonly #paths = new Map<string, readonly string[]>();
  readonly #everNull = new Set<string>();
  readonly #random = seededRandom(1);
  #seen = 0;

  /** A string: why it can't be a row. */
  add(value: unknown): string | null {
    if (typeof value !== "object" || value === null || Array.isArray(value)) return "no object";
    const row: Map<string, { path: readonly string[]; cell: Cell }> = new Map();
    const fault = flatten(value, [], row);
    if (fault !== null) return fault;
    for (const [key, { path, cell }] of row) {
      if (cell === null) this.#everNull.add(key);
      this.#paths.set(key, path);
    }
    if (this.#paths.size > MAX_COLUMNS) return `more than ${MAX_COLUMNS} columns`;
    this.#seen += 1;
    if (this.#rows.length < MAX_ROWS) this.#rows.push(row);
    else {
      const place = Math.floor((this.#random.next() / 2 ** 32) * this.#seen);
      if (place < MAX_ROWS) this.#rows[place] = row;
    }
    return null;
  }

  table(): Table {
    const columns = [...this.#paths].map(([key, path]) => ({
      path,
      isLeftOut: !this.#everNull.has(key),
      cells: this.#rows.map((row) => row.get(key)?.cell ?? null),
    }));
    return { columns, rowCount: this.#rows.length };
  }
}

function flatten(
  value: object,
  path: readonly string[],
  into: Map<string, { path: readonly string[]; cell: Cell }>,
): string | null {
  if (path.length >= MAX_DEPTH) return `objects nested more than ${MAX_DEPTH} deep`;
  for (const [name, member] of Object.entries(value) as [string, unknown][]) {
    const here = [...path, name];
    if (Array.isArray(member)) return `${here.join(".")} is a list; a table has single values`;
    if (typeof member === "object" && member !== null) {
      const fault = flatten(member, here, into);
      if (fault !== null) return fault;
    } else into.set(JSON.stringify(here), { path: here, cell: member as Cell });
  }
  return null;
}

/** A row as an object again; a value that its column leaves out is left out. */
export function rowObject(
  columns: readonly { readonly path: readonly string[]; readonly isLeftOut: boolean }[],
  cells: readonly Cell[],
): object {
  // Without a prototype, so that a column may have any name.
  const row = Object.create(null) as Record<string, unknown>;
  for (const [at, { path, isLeftOut }] of columns.entries()) {
    const cell = cells[at] ?? null;
    if (cell === null && isLeftOut) continue;
    let place = row;
    for (const name of path.slice(0, -1)) {
      place[name] ??= Object.create(null);
      place = place[name] as Record<string, unknown>;
    }
    place[path.at(-1) ?? ""] = cell;
  }
  return row;
}
