import * as fc from "fast-check";
import { describe, expect, test } from "vitest";

import { normalQuantile } from "../normal.ts";
import { seededRandom } from "../random.ts";
import { compareTables, frequencyDistance, kolmogorovSmirnov } from "./compare-tables.ts";
import { describeColumn, withoutRareNames } from "./describe-column.ts";
import { fitTable, type TableDescription } from "./fit-table.ts";
import { sampleRows } from "./sample-rows.ts";
import type { Cell, Table } from "./table.ts";

const random = seededRandom(7);
const uniform = (): number => (random.next() + 0.5) / 2 ** 32;

/** Two numbers that go together, a category that one of them decides, gaps, days, names and free text. */
function madeTable(count: number): Table {
  const rows = Array.from({ length: count }, (_, row): Cell[] => {
    const z = normalQuantile(uniform());
    const budget = Math.round(Math.exp(16 + z));
    const gross = Math.round(Math.exp(15 + 0.8 * z + 0.6 * normalQuantile(uniform())));
    const genre = z + normalQuantile(uniform()) > 0.8 ? "Action" : uniform() < 0.5 ? "Drama" : "Comedy";
    const day = new Date(Date.UTC(1990, 0, 1 + Math.floor(uniform() * 7000))).toISOString().slice(0, 10);
    return [
      budget,
      uniform() < 0.3 ? null : gross,
      genre,
      day,
      uniform() < 0.02 ? `Person ${row}` : "Somebody Known",
      `A Title of Its Own ${row}`,
      null,
      uniform() < 0.4,
    ];
  });
  const names = ["budget", "gross", "genre", "day", "director", "title", "nothing", "isSequel"];
  return {
    rowCount: count,
    columns: names.map((name, at) => ({ path: [name], isLeftOut: false, cells: rows.map((row) => row[at] ?? null) })),
  };
}

function drawTable(description: TableDescription, count: number, seed: number): Table {
  const rows = sampleRows(description, seed);
  const drawn = Array.from({ length: count }, () => rows.next().value);
  return {
    rowCount: count,
    columns: description.columns.map(({ path, isLeftOut }, at) => ({
      path,
      isLeftOut,
      cells: drawn.map((row) => row[at] ?? null),
    })),
  };
}

function column(of: Table, name: string): readonly Cell[] {
  return of.columns.find(({ path }) => path[0] === name)?.cells ?? [];
}

/** By how much the logarithm of the budget of action films is above that of the others. */
function gain(of: Table): number {
  const [inside, outside] = [true, false].map((isAction) => {
    const own = column(of, "budget").filter((_, row) => (column(of, "genre")[row] === "Action") === isAction);
    return own.reduce((sum: number, each) => sum + Math.log(Number(each)), 0) / own.length;
  });
  return (inside ?? 0) - (outside ?? 0);
}

describe("rows that are like a table", () => {
  const table = madeTable(2000);
  const description = fitTable(table);
  const drawn = drawTable(description, 5000, 1);

  test("have its distributions, gaps and correlations", () => {
    const distance = compareTables({ ...table, columns: table.columns.map(withoutRareNames) }, drawn);
    for (const each of distance.columns) {
      expect({ name: each.name, isNear: (each.distance ?? 0) < 0.04 && each.missing < 0.03 }).toEqual({
        name: each.name,
        isNear: true,
      });
    }
    expect(distance.correlation).toBeLessThan(0.05);
  });

  test("keep what a category has to do with a number", () => {
    expect(gain(table)).toBeGreaterThan(1);
    expect(gain(drawn)).toBeGreaterThan(0.6 * gain(table));
    expect(gain(drawn)).toBeLessThan(1.2 * gain(table));
  });

  test("hold neither a free text of it nor a name that few rows have", () => {
    const text = JSON.stringify(description) + JSON.stringify(drawn);
    expect(text).not.toContain("A Title of Its Own");
    expect(text).not.toMatch(/Person \d/u);
    expect(column(drawn, "director")).toContain("Somebody Known");
  });

  test("are of its kinds: whole numbers, days, truth values", () => {
    expect(column(drawn, "budget").every((cell) => Number.isInteger(cell))).toBe(true);
    expect(column(drawn, "day").every((cell) => /^(19|20)\d\d-\d\d-\d\d$/u.test(String(cell)))).toBe(true);
    expect(new Set(column(drawn, "isSequel"))).toEqual(new Set([true, false]));
    expect(new Set(column(drawn, "nothing"))).toEqual(new Set([null]));
  });

  test("are the same for one seed, and others for another", () => {
    expect(drawTable(fitTable(table), 50, 1)).toEqual(drawTable(description, 50, 1));
    expect(drawTable(description, 50, 2)).not.toEqual(drawTable(description, 50, 1));
  });
});

test("any small table can be described and drawn from", () => {
  const cell = fc.oneof(
    fc.constant(null),
    fc.double({ noNaN: true, noDefaultInfinity: true }),
    fc.string({ maxLength: 5 }),
    fc.boolean(),
  );
  fc.assert(
    fc.property(fc.array(fc.array(cell, { minLength: 3, maxLength: 3 }), { minLength: 1, maxLength: 12 }), (rows) => {
      const columns = [0, 1, 2].map((at) => ({
        path: [`c${at}`],
        isLeftOut: false,
        cells: rows.map((row) => row[at] ?? null),
      }));
      const drawn = drawTable(fitTable({ columns, rowCount: rows.length }), 20, 1);
      expect(drawn.columns).toHaveLength(3);
      expect(drawn.columns.flatMap(({ cells }) => cells).some((each) => each === undefined)).toBe(false);
    }),
    { numRuns: 10 },
  );
});

test.each([
  [[1, 2, 3, null], "number"],
  [["Jun 12 1998", "Feb 01 2000"], "number"],
  [["1998-06-12", "2000-02-30"], "category"],
  [[null, null], "empty"],
  [[], "empty"],
  [[true, false], "category"],
  [Array.from({ length: 30 }, (_, at) => `title ${at}`), "text"],
] as const)("a column of %j is of kind %s", (cells, kind) => {
  expect(describeColumn({ path: ["c"], isLeftOut: false, cells })).toMatchObject({ kind });
});

test("distances are 0 for the same and 1 for nothing in common", () => {
  const [low, high] = [Float64Array.of(1, 2, 3), Float64Array.of(4, 5, 6)];
  expect([kolmogorovSmirnov(low, low), kolmogorovSmirnov(low, high)]).toEqual([0, 1]);
  expect(kolmogorovSmirnov(low, Float64Array.of(Number.NaN))).toBe(1);
  expect([frequencyDistance(["a", "b"], ["b", "a"]), frequencyDistance(["a"], ["b"])]).toEqual([0, 1]);
  expect(frequencyDistance(["a", "a", "b", "b"], ["a", "b", "b", "b"])).toBe(0.25);
});
