import { expect, test } from "vitest";

import { normalCdf, normalQuantile } from "./normal.ts";

test.each([
  [0.5, 0],
  [0.975, 1.959963984540054],
  [0.001, -3.090232306167813],
  [0.99999, 4.264890793922825],
])("the normal quantile of %d is %d", (probability, z) => {
  expect(normalQuantile(probability)).toBeCloseTo(z, 7);
  expect(normalCdf(z)).toBeCloseTo(probability, 6);
});

test("the ends have no quantile", () => {
  expect([normalQuantile(0), normalQuantile(1)]).toEqual([-Infinity, Infinity]);
});
