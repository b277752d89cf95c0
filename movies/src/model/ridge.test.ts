import { describe, expect, it } from "vitest";

import { fitRidge, predictRidge } from "./ridge.ts";

describe("ridge regression", () => {
  it("of one standardised feature shrinks its weight by n / (n + 10)", () => {
    const column = Float64Array.from({ length: 40 }, (_, row) => (row % 2 === 0 ? 1 : -1));
    const ridge = fitRidge(
      { rowCount: 40, columns: [column] },
      column.map((value) => 3 + 2 * value),
    );
    expect(ridge.intercept).toBeCloseTo(3, 12);
    expect(ridge.features[0]?.weight).toBeCloseTo((2 * 40) / 50, 12);
    expect(predictRidge(ridge, Float64Array.of(1))).toBeCloseTo(3 + 1.6, 12);
  });

  it("sets the gradient of its loss to zero, with related features too", () => {
    const a = Float64Array.from({ length: 50 }, (_, row) => Math.sin(row));
    const b = a.map((value, row) => value + 0.1 * Math.cos(3 * row));
    const targets = a.map((value, row) => 5 + value - 2 * (b[row] ?? 0) + 0.3 * Math.cos(row));
    const ridge = fitRidge({ rowCount: 50, columns: [a, b] }, targets);
    [a, b].forEach((column, feature) => {
      const { deviation, mean, weight } = ridge.features[feature] ?? { deviation: 0, mean: 0, weight: 0 };
      const slope = column.reduce((sum, value, row) => {
        const residual = (targets[row] ?? 0) - predictRidge(ridge, Float64Array.of(a[row] ?? 0, b[row] ?? 0));
        return sum + (residual * (value - mean)) / deviation;
      }, 0);
      expect(slope - 10 * weight).toBeCloseTo(0, 9);
    });
  });

  it("takes the training median for a missing value", () => {
    const column = Float64Array.of(1, Number.NaN, 2, 10, 3);
    const ridge = fitRidge({ rowCount: 5, columns: [column] }, Float64Array.of(1, 2, 3, 4, 5));
    expect(ridge.features[0]?.median).toBe(2.5);
    expect(predictRidge(ridge, Float64Array.of(Number.NaN))).toBe(predictRidge(ridge, Float64Array.of(2.5)));
  });

  it("gives constant and empty columns no weight", () => {
    const columns = [new Float64Array(10).fill(7), new Float64Array(10).fill(Number.NaN)];
    const ridge = fitRidge(
      { rowCount: 10, columns },
      Float64Array.from({ length: 10 }, (_, row) => row),
    );
    expect(ridge.features.map(({ weight }) => weight)).toEqual([0, 0]);
    expect(predictRidge(ridge, Float64Array.of(1, 2))).toBe(4.5);
  });
});
