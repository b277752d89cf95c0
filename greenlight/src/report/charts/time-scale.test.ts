import * as fc from "fast-check";
import { describe, expect, it } from "vitest";

import { numberTicks, timeTicks } from "./ticks.ts";
import { timeScale } from "./time-scale.ts";

describe("a scale of time", () => {
  it("without pauses is a plain proportion", () => {
    const scale = timeScale({ start: 1_000, end: 2_000, pauses: [] });
    expect([500, 1_000, 1_250, 2_000, 9_000].map((moment) => scale.place(moment))).toEqual([0, 0, 0.25, 1, 1]);
  });

  it("draws an hour's wait short, so that the work around it keeps its width", () => {
    const scale = timeScale({ start: 0, end: 3_640_000, pauses: [{ from: 20_000, to: 3_620_000 }] });
    expect(scale.breaks).toHaveLength(1);
    expect(scale.place(20_000)).toBeCloseTo(0.463, 3);
    expect(scale.place(3_620_000)).toBeCloseTo(0.537, 3);
  });

  it("leaves a short wait as it was", () => {
    const scale = timeScale({ start: 0, end: 50_000, pauses: [{ from: 20_000, to: 26_000 }] });
    expect(scale.breaks).toEqual([]);
    expect(scale.place(25_000)).toBe(0.5);
  });

  it("never falls and never leaves 0–1, whatever the pauses", () => {
    const moment = fc.integer({ min: -1_000, max: 100_000 });
    const pause = fc.record({ from: moment, to: moment });
    fc.assert(
      fc.property(
        moment,
        moment,
        fc.array(pause, { maxLength: 5 }),
        fc.array(moment, { minLength: 2 }),
        (start, end, pauses, moments) => {
          const scale = timeScale({ start, end, pauses });
          const places = moments.toSorted((left, right) => left - right).map((each) => scale.place(each));
          for (const [index, place] of places.entries()) {
            expect(place).toBeGreaterThanOrEqual(0);
            expect(place).toBeLessThanOrEqual(1);
            expect(place).toBeGreaterThanOrEqual((places[index - 1] ?? 0) - 1e-9);
          }
          expect(scale.place(scale.start)).toBe(0);
          expect(scale.place(scale.end)).toBeCloseTo(1, 6);
        },
      ),
    );
  });
});

describe("ticks", () => {
  it("are round, begin at zero and stay within the span", () => {
    expect(timeTicks(45_180, 8)).toEqual([0, 10_000, 20_000, 30_000, 40_000]);
    expect(timeTicks(670, 8)).toEqual([0, 100, 200, 300, 400, 500, 600]);
    expect(numberTicks(9.3, 6)).toEqual([0, 2, 4, 6, 8]);
    expect(numberTicks(0, 6)).toEqual([0]);
    expect(numberTicks(Number.NaN, 6)).toEqual([0]);
  });

  it("are never many", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 1e12, noNaN: true }), (span) => {
        expect(timeTicks(span, 8).length).toBeLessThanOrEqual(9);
        expect(numberTicks(span, 6).length).toBeLessThanOrEqual(7);
      }),
    );
  });
});
