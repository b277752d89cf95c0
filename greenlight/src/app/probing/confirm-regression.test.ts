import { describe, expect, it } from "vitest";

import { isWorthTurns } from "./confirm-regression.ts";

describe("measuring again in turns", () => {
  it("settles a rejection and an interval too wide to tell", () => {
    expect(isWorthTurns({ verdict: "reject", low: 2, high: 3 })).toBe(true);
    expect(isWorthTurns({ verdict: "inconclusive", low: 0.7, high: 1.6 })).toBe(true);
  });

  it("is not done for a pass, nor where the figures can't be compared at all", () => {
    expect(isWorthTurns({ verdict: "promote", low: 0.9, high: 1.1 })).toBe(false);
    expect(isWorthTurns({ verdict: "inconclusive", low: 2, high: 2 })).toBe(false);
  });
});
