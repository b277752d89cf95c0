import { expect, it } from "vitest";

import { regressionMetrics, sliceMetrics } from "./metrics.ts";

const SCORED = [
  { actual: 1, predicted: 2, genre: "b" },
  { actual: 2, predicted: 2, genre: "a" },
  { actual: 6, predicted: 3, genre: "b" },
];

it("metrics are as by hand", () => {
  const { mae, r2, rmse } = regressionMetrics(SCORED);
  expect(rmse).toBeCloseTo(Math.sqrt(10 / 3), 12);
  expect(mae).toBeCloseTo(4 / 3, 12);
  expect(r2).toBeCloseTo(1 - 10 / 14, 12);
  expect(regressionMetrics([{ actual: 1, predicted: 1 }])).toEqual({ rmse: 0, mae: 0, r2: 0 });
});

it("slices stand in alphabetical order with error and bias", () => {
  expect(sliceMetrics(SCORED, "genre", ({ genre }) => genre)).toEqual([
    { by: "genre", name: "a", count: 1, rmse: 0, mae: 0, bias: 0 },
    { by: "genre", name: "b", count: 2, rmse: Math.sqrt(5), mae: 2, bias: -1 },
  ]);
});
