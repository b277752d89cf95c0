import { describe, expect, it } from "vitest";

import { seededRandom } from "../../statistics/random.ts";
import { compareLatency, medianFigures } from "./latency-comparison.ts";

const OPTIONS = { against: "staging baseline", limitRatio: 1.5, foreignShare: 0 };

/** Rounds whose p50 scatters by up to `noise` around `p50Ms`. */
function measured(
  p50Ms: number,
  options: { readonly count?: number; readonly noise?: number; readonly seed?: number } = {},
) {
  const { count = 10, noise = 0.05, seed = 1 } = options;
  const random = seededRandom(seed);
  const rounds = Array.from({ length: count }, () => {
    const p50 = p50Ms * Math.exp(noise * (random.next() / 2 ** 31 - 1));
    return { p50Ms: p50, p95Ms: 2 * p50, p99Ms: 3 * p50, requestsPerSecond: 4000 / p50 };
  });
  return { rounds, median: medianFigures(rounds), request: "POST /predict", connectionCount: 4 };
}

describe("compareLatency", () => {
  it("about as fast promotes, with the ratio of the medians inside its interval", () => {
    const now = measured(2.1, { seed: 2 });
    const before = measured(2);
    const found = compareLatency(now, before, OPTIONS);
    expect(found.verdict).toBe("promote");
    expect(found.ratio).toBe(now.median.p50Ms / before.median.p50Ms);
    expect(found.low).toBeLessThan(found.ratio);
    expect(found.high).toBeGreaterThan(found.ratio);
    expect(found.why).toMatch(
      /^p50 2\.\d\d ms, 1\.\d\d times staging baseline \(\d\.\d\d to 1\.\d\d, limit 1\.5\); rounds vary by \d %$/,
    );
  });

  it("surely slower than the limit rejects", () => {
    expect(compareLatency(measured(4, { seed: 2 }), measured(2), OPTIONS)).toMatchObject({
      verdict: "reject",
      limit: 1.5,
    });
  });

  it("noise across the limit is inconclusive and says so", () => {
    const found = compareLatency(measured(3, { noise: 0.6, seed: 2 }), measured(2, { noise: 0.6 }), OPTIONS);
    expect(found.verdict).toBe("inconclusive");
    expect(found.why).toMatch(/^too noisy to tell: .*rounds vary by \d\d %$/);
  });

  it("nine rounds on a side, another request or other connections compare nothing", () => {
    const others = [
      measured(2, { count: 9 }),
      { ...measured(2), request: "GET /health" },
      { ...measured(2), connectionCount: 8 },
      { ...measured(2), rounds: measured(2).rounds.map((round) => ({ ...round, p50Ms: 0 })) },
    ];
    expect(others.map((other) => compareLatency(measured(9), other, OPTIONS).why)).toEqual([
      "not comparable with staging baseline: 9 rounds on one side, at least 10 are needed",
      "not comparable with staging baseline: it was measured with GET /health",
      "not comparable with staging baseline: it was measured over 8 connections",
      "not comparable with staging baseline: a round without a latency",
    ]);
    expect(others.map((other) => compareLatency(measured(9), other, OPTIONS).verdict)).toEqual(
      Array(4).fill("inconclusive"),
    );
  });

  it("equal services are told apart beyond 1.1 in fewer than 1 of 20 comparisons of noisy rounds", () => {
    let rejectedCount = 0;
    for (let seed = 1; seed <= 40; seed += 1) {
      const now = measured(2, { noise: 0.2, seed });
      const before = measured(2, { noise: 0.2, seed: seed + 1000 });
      if (compareLatency(now, before, { against: "it", limitRatio: 1.1, foreignShare: 0 }).verdict === "reject")
        rejectedCount += 1;
    }
    expect(rejectedCount).toBeLessThan(2);
  });
});

describe("medianFigures", () => {
  it("takes each figure's own median", () => {
    const rounds = [3, 1, 2].map((value) => ({
      p50Ms: value,
      p95Ms: 10 - value,
      p99Ms: 9,
      requestsPerSecond: value * 10,
    }));
    expect(medianFigures(rounds)).toEqual({ p50Ms: 2, p95Ms: 8, p99Ms: 9, requestsPerSecond: 20 });
  });

  it("a service slowed by other people's requests is not rejected for it", () => {
    const found = compareLatency(measured(9), measured(2), { ...OPTIONS, foreignShare: 0.6 });
    expect(found).toMatchObject({
      verdict: "inconclusive",
      why: "not comparable with staging baseline: 60 % of the requests meanwhile were other people's",
    });
    expect(compareLatency(measured(9), measured(2), { ...OPTIONS, foreignShare: 0.1 }).verdict).toBe("reject");
  });

  it("rounds measured in turns are told apart although both vary with the machine", () => {
    const busy = Array.from({ length: 12 }, (_, index) => 1 + (index % 4));
    const at = (factor: number): ReturnType<typeof measured> => {
      const base = measured(2);
      const rounds = busy.map((load) => ({ ...base.median, p50Ms: 2 * load * factor }));
      return { ...base, rounds, median: { ...base.median, p50Ms: 5 * factor } };
    };
    expect(compareLatency(at(1.02), at(1), OPTIONS).verdict).toBe("inconclusive");
    expect(compareLatency(at(1.02), at(1), { ...OPTIONS, isPaired: true }).verdict).toBe("promote");
    expect(compareLatency(at(2), at(1), { ...OPTIONS, isPaired: true }).verdict).toBe("reject");
  });
});
