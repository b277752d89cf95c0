import { describe, expect, test } from "vitest";

import {
  choleskyOf,
  correlation,
  correlationMatrix,
  nearestCorrelations,
  rankCorrelation,
  ranks,
} from "./correlation.ts";

const of = (...values: number[]): Float64Array => Float64Array.from(values);

describe("a correlation", () => {
  test("counts only rows in which both have a value", () => {
    const [left, right] = [of(1, 2, Number.NaN, 3), of(2, 4, 100, 6)];
    expect(correlation(left, right, 2)).toBeCloseTo(1, 12);
    expect(correlation(left, right, 4)).toBe(0);
  });

  test("with a constant is none", () => {
    expect(correlation(of(1, 1, 1), of(1, 2, 3), 2)).toBe(0);
  });

  test("of ranks is that of any growing function", () => {
    const values = of(5, 1, 3, 9, 7);
    expect(rankCorrelation(values, values.map(Math.exp), 3)).toBeCloseTo(1, 12);
    expect(rankCorrelation(values, values, 6)).toBeNaN();
  });
});

test("equal values share their mean rank", () => {
  expect([...ranks(of(3, 1, Number.NaN, 3, 2))]).toEqual([3.5, 1, Number.NaN, 3.5, 2]);
});

describe("the root of a correlation matrix", () => {
  test("multiplied by itself gives the matrix", () => {
    const matrix = [
      [1, 0.6, 0.2],
      [0.6, 1, -0.3],
      [0.2, -0.3, 1],
    ];
    const lower = choleskyOf(matrix);
    const product = matrix.map((_, i) =>
      matrix.map((__, j) => (lower[i] ?? []).reduce((sum, each, k) => sum + each * (lower[j]?.[k] ?? 0), 0)),
    );
    for (const [i, row] of matrix.entries())
      for (const [j, value] of row.entries()) expect(product[i]?.[j]).toBeCloseTo(value, 10);
  });

  test("is found for correlations that contradict each other, once they are brought together", () => {
    const near = nearestCorrelations([
      [1, 0.9, -0.9],
      [0.9, 1, 0.9],
      [-0.9, 0.9, 1],
    ]);
    expect(near[0]?.[1]).toBeCloseTo(0.5, 3);
    expect(near[0]?.[2]).toBeCloseTo(-0.5, 3);
    expect(choleskyOf(near).flat().every(Number.isFinite)).toBe(true);
  });

  test("of correlations that agree needs nothing brought together", () => {
    const matrix = [
      [1, 0.2],
      [0.2, 1],
    ];
    expect(nearestCorrelations(matrix)).toBe(matrix);
  });
});

test("a matrix is symmetric with ones on the diagonal", () => {
  const columns = [0, 1, 2].map((at) => Float64Array.from({ length: 50 }, (_, row) => Math.sin(row * (at + 1))));
  const matrix = correlationMatrix(columns);
  expect(matrix.map((row, i) => row[i])).toEqual([1, 1, 1]);
  expect(matrix[0]?.[2]).toBe(matrix[2]?.[0]);
});
