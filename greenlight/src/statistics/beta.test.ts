import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { betaCdf, chanceAbove, chanceOfRise } from "./beta.ts";

describe("the incomplete beta function", () => {
  // Whole parameters: sums of binomial probabilities in exact fractions. ½ and ½: the arcsine law. The other: integrated numerically.
  test.each([
    [0.5, 2, 3, 0.6875],
    [0.1, 0.5, 0.5, 0.204_832_764_7],
    [0.05, 0.5, 20.5, 0.850_529_495],
    [0.3, 10, 20, 0.364_004_081],
    [0.01, 1, 100, 0.633_967_659],
    [0.02, 30, 970, 0.020_455_055_6],
  ])("at %f with %f and %f", (x, a, b, value) => {
    expect(betaCdf(x, a, b)).toBeCloseTo(value, 8);
  });

  test("is a distribution: from 0 to 1, never falling, and symmetric", () => {
    const shape = fc.double({ min: 0.5, max: 5000, noNaN: true });
    const share = fc.double({ min: 0, max: 1, noNaN: true });
    fc.assert(
      fc.property(shape, shape, share, share, (a, b, one, other) => {
        const [low, high] = one < other ? [one, other] : [other, one];
        expect(betaCdf(low, a, b)).toBeGreaterThanOrEqual(0);
        expect(betaCdf(high, a, b)).toBeLessThanOrEqual(1 + 1e-12);
        expect(betaCdf(high, a, b)).toBeGreaterThanOrEqual(betaCdf(low, a, b) - 1e-9);
        expect(betaCdf(low, a, b) + betaCdf(1 - low, b, a)).toBeCloseTo(1, 6);
      }),
    );
  });
});

describe("the chance of a rise", () => {
  test.each([
    ["without a difference, no margin", [5, 100], [5, 100], 0, 0.45, 0.55],
    ["a clear rise", [1, 1000], [100, 1000], 0.02, 0.999, 1],
    ["a clear fall", [100, 1000], [1, 1000], 0, 0, 0.001],
    ["little data on one side", [0, 20], [1, 20], 0.02, 0.4, 0.8],
    ["far more data before", [1000, 1_000_000], [10, 100], 0.02, 0.99, 1],
  ] as const)("%s", (_name, before, after, margin, least, most) => {
    const chance = chanceOfRise({ hits: before[0], count: before[1] }, { hits: after[0], count: after[1] }, margin);
    expect(chance).toBeGreaterThanOrEqual(least);
    expect(chance).toBeLessThanOrEqual(most);
  });

  test("falls with the margin, grows with the errors, and is a chance", () => {
    const counts = fc.record({ before: fc.nat(400), more: fc.nat(400), after: fc.nat(400), plus: fc.nat(400) });
    const margins = fc.tuple(
      fc.double({ min: 0, max: 0.2, noNaN: true }),
      fc.double({ min: 0, max: 0.2, noNaN: true }),
    );
    fc.assert(
      fc.property(counts, margins, ({ before, more, after, plus }, [margin, further]) => {
        const earlier = { hits: before, count: before + more + 1 };
        const later = { hits: after, count: after + plus + 1 };
        const worse = { hits: after + 1, count: after + plus + 1 };
        const chance = chanceOfRise(earlier, later, margin);
        expect(chance).toBeGreaterThanOrEqual(0);
        expect(chance).toBeLessThanOrEqual(1);
        expect(chanceOfRise(earlier, later, margin + further)).toBeLessThanOrEqual(chance + 1e-6);
        expect(chanceOfRise(earlier, worse, margin)).toBeGreaterThanOrEqual(chance - 1e-6);
      }),
      { numRuns: 40 },
    );
  });

  test("a share above a limit is believed with the data", () => {
    expect(chanceAbove({ hits: 1, count: 10 }, 0.05)).toBeLessThan(0.95);
    expect(chanceAbove({ hits: 100, count: 1000 }, 0.05)).toBeGreaterThan(0.999);
    expect(chanceAbove({ hits: 0, count: 1000 }, 0.05)).toBeLessThan(1e-6);
  });
});
