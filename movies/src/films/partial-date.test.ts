import * as fc from "fast-check";
import { expect, it } from "vitest";

import { dateOrder, formatPartialDate, parsePartialDate } from "./partial-date.ts";

it("a date reads back as it was written, however much of it is known", () => {
  const year = fc.integer({ min: 1888, max: 2100 });
  const month = fc.integer({ min: 1, max: 12 });
  const day = fc.integer({ min: 1, max: 31 });
  const date = fc.oneof(
    fc.record({ year, month: fc.constant(null), day: fc.constant(null) }),
    fc.record({ year, month, day: fc.constant(null) }),
    fc.record({ year, month, day }),
  );
  fc.assert(
    fc.property(date, (value) => {
      expect(parsePartialDate(formatPartialDate(value))).toEqual(value);
    }),
  );
});

it("dates are ordered by time, an unknown part before every known one, no date after all", () => {
  const ordered = ["1979", "1979-05", "1979-05-01", "1979-05-25", "1979-12-31", "1980", null];
  const orders = ordered.map((date) => dateOrder(date));
  expect(orders).toEqual(orders.toSorted((a, b) => a - b));
  expect(new Set(orders).size).toBe(ordered.length);
  expect(dateOrder(undefined)).toBe(dateOrder(null));
});
