import fc from "fast-check";
import { expect, test } from "vitest";

import { quantileRange } from "./histogram.ts";

const BOUNDS = [1, 10, 100];
const bucketOf = (value: number): number => BOUNDS.findIndex((bound) => value <= bound);

test("without values there is no quantile", () => {
  expect(quantileRange({ bounds: BOUNDS, counts: [0, 0, 0, 0] }, 0.5, 2)).toBeNull();
});

test("all values in one bucket lie between its edges, and beyond the last bound there is no upper edge", () => {
  expect(quantileRange({ bounds: BOUNDS, counts: [0, 50, 0, 0] }, 0.95, 2)).toEqual({ low: 1, middle: 10, high: 10 });
  expect(quantileRange({ bounds: BOUNDS, counts: [50, 0, 0, 0] }, 0.5, 2)).toMatchObject({ low: 0, high: 1 });
  expect(quantileRange({ bounds: BOUNDS, counts: [0, 0, 0, 9] }, 0.5, 0)?.high).toBe(Number.POSITIVE_INFINITY);
});

test("few values leave a wide range, many a narrow one", () => {
  const few = quantileRange({ bounds: BOUNDS, counts: [10, 9, 1, 0] }, 0.95, 2);
  const many = quantileRange({ bounds: BOUNDS, counts: [10_000, 9000, 1000, 0] }, 0.9, 2);
  expect(few).toMatchObject({ low: 1, high: 100 });
  expect(many).toMatchObject({ low: 1, high: 10 });
});

test("the range holds the quantile of the values that were counted", () => {
  const values = fc.array(fc.double({ min: 0.001, max: 99, noNaN: true }), { minLength: 1, maxLength: 200 });
  fc.assert(
    fc.property(values, fc.double({ min: 0.01, max: 0.99, noNaN: true }), (sample, probability) => {
      const counts = [0, 1, 2, 3].map((bucket) => sample.filter((value) => bucketOf(value) === bucket).length);
      const range = quantileRange({ bounds: BOUNDS, counts }, probability, 1.645);
      const ranked = sample.toSorted((left, right) => left - right)[Math.floor(sample.length * probability)] ?? 0;
      expect(ranked).toBeGreaterThan(range?.low ?? 100);
      expect(ranked).toBeLessThanOrEqual(range?.high ?? 0);
    }),
  );
});
