import { describe, expect, it } from "vitest";

import { bootstrap, bootstrapTwoSamples, percentileInterval, upperBound } from "./bootstrap.ts";
import { median } from "./quantile.ts";
import { seededRandom, type Random } from "./random.ts";

/** Box–Muller: a standard normal number. */
function normal(random: Random): number {
  const radius = Math.sqrt(-2 * Math.log((random.next() + 1) / (2 ** 32 + 1)));
  return radius * Math.cos((2 * Math.PI * random.next()) / 2 ** 32);
}

function meanAt(values: Float64Array, picks: Uint32Array): number {
  let sum = 0;
  for (const pick of picks) sum += values[pick] ?? 0;
  return sum / picks.length;
}

function medianAt(values: readonly number[], picks: Uint32Array): number {
  return median(Array.from(picks, (pick) => values[pick] ?? 0));
}

const OPTIONS = { resampleCount: 5000, seed: 1 };

describe("bootstrap", () => {
  it("its spread is the standard error of the mean", () => {
    const random = seededRandom(3);
    const values = Float64Array.from({ length: 400 }, () => 10 + 2 * normal(random));
    const means = bootstrap(400, (picks) => meanAt(values, picks), OPTIONS);
    const centre = means.reduce((sum, value) => sum + value, 0) / means.length;
    const spread = Math.sqrt(means.reduce((sum, value) => sum + (value - centre) ** 2, 0) / means.length);
    expect(spread).toBeGreaterThan(0.09);
    expect(spread).toBeLessThan(0.11);
  });

  it("its 95 % interval holds the true mean in 91 to 98 of 100 simulated samples", () => {
    const random = seededRandom(11);
    let coveredCount = 0;
    const simulationCount = 400;
    for (let simulation = 0; simulation < simulationCount; simulation += 1) {
      const values = Float64Array.from({ length: 50 }, () => 5 + normal(random));
      const means = bootstrap(50, (picks) => meanAt(values, picks), { resampleCount: 500, seed: simulation });
      const { low, high } = percentileInterval(means, 0.95);
      if (low <= 5 && 5 <= high) coveredCount += 1;
    }
    expect(coveredCount / simulationCount).toBeGreaterThan(0.91);
    expect(coveredCount / simulationCount).toBeLessThan(0.98);
  });

  it("its one-sided 95 % bound is exceeded by the truth in about 5 of 100 simulated samples", () => {
    const random = seededRandom(12);
    let belowCount = 0;
    const simulationCount = 400;
    for (let simulation = 0; simulation < simulationCount; simulation += 1) {
      const values = Float64Array.from({ length: 60 }, () => normal(random));
      const means = bootstrap(60, (picks) => meanAt(values, picks), { resampleCount: 500, seed: simulation });
      if (upperBound(means, 0.95) < 0) belowCount += 1;
    }
    expect(belowCount / simulationCount).toBeGreaterThan(0.02);
    expect(belowCount / simulationCount).toBeLessThan(0.09);
  });

  it("a paired difference of equal pairs is exactly zero in every resample", () => {
    const values = Float64Array.from({ length: 30 }, (_, index) => index * index);
    const differences = bootstrap(30, (picks) => meanAt(values, picks) - meanAt(values, picks), OPTIONS);
    expect(percentileInterval(differences, 0.95)).toEqual({ low: 0, high: 0 });
  });

  it("two samples are resampled apart, and the interval of their ratio holds the true one", () => {
    const random = seededRandom(5);
    const left = Array.from({ length: 40 }, () => Math.exp(0.1 * normal(random)));
    const right = Array.from({ length: 40 }, () => 2 * Math.exp(0.1 * normal(random)));
    const ratios = bootstrapTwoSamples(
      { left: 40, right: 40 },
      (picksLeft, picksRight) => medianAt(right, picksRight) / medianAt(left, picksLeft),
      { resampleCount: 1000, seed: 9 },
    );
    const { low, high } = percentileInterval(ratios, 0.95);
    expect(low).toBeLessThan(2);
    expect(high).toBeGreaterThan(2);
    expect(high - low).toBeLessThan(0.4);
  });

  it("one seed gives one result, values ascend, another seed gives another result", () => {
    const values = Float64Array.from({ length: 25 }, (_, index) => Math.sin(index));
    const run = (seed: number): Float64Array =>
      bootstrap(25, (picks) => meanAt(values, picks), { resampleCount: 200, seed });
    expect(run(4)).toEqual(run(4));
    expect(run(4)).toEqual(run(4).toSorted());
    expect(run(4)).not.toEqual(run(5));
  });
});
