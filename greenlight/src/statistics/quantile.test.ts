import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { median, quantile } from "./quantile.ts";

describe("quantile", () => {
  it("agrees with R's quantile(c(1, 2, 4, 8, 16), c(0, .1, .25, .5, .9, 1))", () => {
    const values = [1, 2, 4, 8, 16];
    const found = [0, 0.1, 0.25, 0.5, 0.9, 1].map((probability) => quantile(values, probability));
    [1, 1.4, 2, 4, 12.8, 16].forEach((expected, index) => expect(found[index]).toBeCloseTo(expected, 12));
  });

  it("the median of an even count lies between the middle two, whatever the order", () => {
    expect(median([10, 1, 3, 2])).toBe(2.5);
    expect(median([5])).toBe(5);
  });

  it("no values have no quantile", () => {
    expect(quantile([], 0.5)).toBeNaN();
    expect(median([])).toBeNaN();
  });

  it("never leaves the range of the values and never falls as the probability grows", () => {
    const numbers = fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1, maxLength: 50 });
    const share = fc.double({ noNaN: true, min: 0, max: 1 });
    fc.assert(
      fc.property(numbers, share, share, (values, one, other) => {
        const sorted = Float64Array.from(values).toSorted();
        const low = quantile(sorted, Math.min(one, other));
        const high = quantile(sorted, Math.max(one, other));
        expect(low).toBeLessThanOrEqual(high + 1e-6);
        expect(low).toBeGreaterThanOrEqual((sorted[0] ?? 0) - 1e-6);
        expect(high).toBeLessThanOrEqual((sorted.at(-1) ?? 0) + 1e-6);
      }),
    );
  });
});
