import * as fc from "fast-check";

import type { Matrix } from "../matrix.ts";

export interface Table {
  readonly matrix: Matrix;
  readonly targets: Float64Array;
}

/** Rows to learn from: 40 to 120 of three features with few or many distinct values, some missing. */
export function arbitraryTable(): fc.Arbitrary<Table> {
  const missing = fc.constant(Number.NaN);
  const few = fc.oneof({ weight: 5, arbitrary: fc.integer({ min: -3, max: 3 }) }, { weight: 1, arbitrary: missing });
  const many = fc.integer({ min: -1000, max: 1000 }).map((value) => value / 16);
  const some = fc.oneof({ weight: 9, arbitrary: many }, { weight: 1, arbitrary: missing });
  const target = fc.integer({ min: 0, max: 100 }).map((value) => value / 10);
  return fc.array(fc.tuple(few, many, some, target), { minLength: 40, maxLength: 120 }).map((rows) => ({
    matrix: {
      rowCount: rows.length,
      columns: ([0, 1, 2] as const).map((column) => Float64Array.from(rows, (row) => row[column])),
    },
    targets: Float64Array.from(rows, (row) => row[3]),
  }));
}
