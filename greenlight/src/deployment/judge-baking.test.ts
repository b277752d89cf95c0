import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { DEFAULT_BAKING } from "./gates/baking-policy.ts";
import type { DurationCounts, TrafficFigures } from "./gates/traffic-figures.ts";
import { NO_TRAFFIC, sumOf, trafficFault, watchTraffic } from "./gates/watch-traffic.ts";
import { judgeBaking, NO_FIGURES } from "./judge-baking.ts";

const before = (requestCount: number, errorCount: number, durations: DurationCounts | null = null): TrafficFigures => ({
  requestCount,
  errorCount,
  durations,
});

describe("the verdict on a release that has the traffic", () => {
  test.each([
    ["no data at all", {}, "inconclusive"],
    ["too few probes", { probeCount: 4, requestCount: 1000 }, "inconclusive"],
    ["probes that all went well", { probeCount: 5 }, "pass"],
    ["probes and requests that went well", { probeCount: 20, requestCount: 520 }, "pass"],
    ["one lost probe among many", { probeCount: 20, failedProbeCount: 1 }, "pass"],
    ["three lost probes in a row", { probeCount: 60, failedProbeCount: 3, failedInARow: 3 }, "fail"],
    ["many lost probes, never three in a row", { probeCount: 20, failedProbeCount: 4, failedInARow: 1 }, "fail"],
    ["a process that ended", { probeCount: 20, restartCount: 1 }, "fail"],
    ["errors in one request of ten", { probeCount: 20, requestCount: 120, errorCount: 10 }, "fail"],
    ["errors in one request of a hundred", { probeCount: 20, requestCount: 1020, errorCount: 10 }, "pass"],
    ["errors that many probes would hide", { probeCount: 1000, requestCount: 1020, errorCount: 10 }, "fail"],
    [
      "errors that only the probes met",
      { probeCount: 40, requestCount: 60, failedProbeCount: 2, errorCount: 2 },
      "pass",
    ],
    [
      "two errors among few requests, which may be chance",
      { probeCount: 20, requestCount: 40, errorCount: 2 },
      "inconclusive",
    ],
    ["figures that can't be believed", { probeCount: 20, requestCount: 500, trafficFault: "old" }, "inconclusive"],
    [
      "a process that ended, though the figures can't be believed",
      { probeCount: 20, restartCount: 1, trafficFault: "old" },
      "fail",
    ],
  ])("%s", (_name, figures, verdict) => {
    expect(judgeBaking({ ...NO_FIGURES, ...figures }).verdict).toBe(verdict);
  });

  test("says when only its own probes were there to go by", () => {
    const judged = judgeBaking({ ...NO_FIGURES, probeCount: 20, requestCount: 23 });
    expect(judged.verdict).toBe("pass");
    expect(judged.why).toBe(
      "20 synthetic probes went well (3 requests of users, 20 are needed to judge error rate and latency)",
    );
  });

  test("wants users where the policy does", () => {
    const policy = { ...DEFAULT_BAKING, needsTraffic: true };
    expect(judgeBaking({ ...NO_FIGURES, probeCount: 20, requestCount: 23 }, { policy }).verdict).toBe("inconclusive");
    expect(judgeBaking({ ...NO_FIGURES, probeCount: 20, requestCount: 60 }, { policy }).verdict).toBe("pass");
  });
});

describe("against the release before", () => {
  const figures = { ...NO_FIGURES, probeCount: 20, requestCount: 1020, errorCount: 40 };

  test("a rise of the error rate fails, though it is below the limit", () => {
    expect(judgeBaking(figures).verdict).toBe("pass");
    expect(judgeBaking(figures, { before: before(10_000, 10) })).toMatchObject({ verdict: "fail" });
    expect(judgeBaking(figures, { before: before(10_000, 400) }).verdict).toBe("pass");
  });

  test("a rise that few requests show is no verdict, and too few before are no comparison", () => {
    const few = { ...figures, requestCount: 120, errorCount: 4 };
    expect(judgeBaking(few, { before: before(10_000, 0) }).verdict).toBe("inconclusive");
    expect(judgeBaking(few, { before: before(10, 0) }).verdict).toBe("pass");
  });

  test("a look while baking goes on needs stronger evidence than the last one", () => {
    const some = { ...NO_FIGURES, probeCount: 20, requestCount: 120, errorCount: 10 };
    expect(judgeBaking(some, { isFinal: true }).verdict).toBe("fail");
    expect(judgeBaking(some, { isFinal: false }).verdict).toBe("inconclusive");
    expect(judgeBaking({ ...some, errorCount: 40 }, { isFinal: false }).verdict).toBe("fail");
  });

  const BOUNDS = [10, 50, 100, 500, 1000];
  const quick: DurationCounts = { boundsMs: BOUNDS, counts: [900, 90, 10, 0, 0, 0] };
  const slow: DurationCounts = { boundsMs: BOUNDS, counts: [0, 0, 100, 400, 500, 0] };
  const healthy = { ...NO_FIGURES, probeCount: 20, requestCount: 1020 };

  test("answers that take several times as long fail when all the time is over, not before", () => {
    const standard = { before: before(1000, 0, quick) };
    expect(judgeBaking({ ...healthy, durations: slow }, standard)).toMatchObject({ verdict: "fail" });
    expect(judgeBaking({ ...healthy, durations: slow }, { ...standard, isFinal: false }).verdict).toBe("inconclusive");
    expect(judgeBaking({ ...healthy, durations: slow }, { ...standard, isLast: false }).verdict).toBe("inconclusive");
    expect(judgeBaking({ ...healthy, durations: quick }, standard).verdict).toBe("pass");
    expect(judgeBaking({ ...healthy, durations: quick }, { before: before(1000, 0, slow) }).verdict).toBe("pass");
  });

  test("a small rise in milliseconds is none, however often it doubles", () => {
    const few: DurationCounts = { boundsMs: BOUNDS, counts: [0, 1000, 0, 0, 0, 0] };
    const tiny: DurationCounts = { boundsMs: BOUNDS, counts: [1000, 0, 0, 0, 0, 0] };
    expect(judgeBaking({ ...healthy, durations: few }, { before: before(1000, 0, tiny) }).verdict).toBe("pass");
  });

  test("latency that is measured on one side only is said and not judged", () => {
    expect(judgeBaking({ ...healthy, durations: slow }, { before: before(1000, 0) })).toMatchObject({
      verdict: "pass",
      why: expect.stringContaining("latency is not compared") as string,
    });
  });
});

describe("whatever the figures", () => {
  const count = fc.nat(3000);
  const figures = fc.record({
    probeCount: fc.nat(100),
    failedProbeCount: fc.nat(5),
    failedInARow: fc.nat(4),
    requestCount: count,
    errorCount: count,
    restartCount: fc.nat(1),
  });

  test("more errors never make a better verdict, and no data never passes", () => {
    const rank = { fail: 0, inconclusive: 1, pass: 2 };
    fc.assert(
      fc.property(figures, fc.nat(500), fc.boolean(), (seen, more, isFinal) => {
        const standard = { before: before(2000, 20), isFinal };
        const given = { ...NO_FIGURES, ...seen };
        const now = judgeBaking(given, standard);
        const worse = judgeBaking({ ...given, errorCount: given.errorCount + more }, standard);
        expect(rank[worse.verdict]).toBeLessThanOrEqual(rank[now.verdict]);
        expect(judgeBaking({ ...given, probeCount: 0 }, standard).verdict).not.toBe("pass");
        if (seen.restartCount > 0) expect(now.verdict).toBe("fail");
      }),
      { numRuns: 300 },
    );
  });
});

describe("the router's figures", () => {
  test("add up over a router that restarted", () => {
    let watched = watchTraffic(NO_TRAFFIC, before(10, 1));
    watched = watchTraffic(watched, before(30, 2));
    watched = watchTraffic(watched, before(5, 0));
    expect(sumOf(watched)).toMatchObject({ requestCount: 35, errorCount: 2 });
    expect(trafficFault(watched, 38)).toBeNull();
  });

  test.each([
    ["absent", null],
    ["no numbers", before(Number.NaN, 0)],
    ["negative", before(-1, 0)],
    ["of a broken histogram", before(1, 0, { boundsMs: [1, 2], counts: [1, Number.NaN, 0] })],
  ])("%s three times in a row are told, once is not", (_name, seen) => {
    let watched = watchTraffic(watchTraffic(NO_TRAFFIC, before(5, 0)), seen);
    expect(trafficFault(watched, 5)).toBeNull();
    watched = watchTraffic(watchTraffic(watched, seen), seen);
    expect(trafficFault(watched, 5)).toContain("absent or no numbers");
    expect(trafficFault(watchTraffic(watched, before(6, 0)), 6)).toBeNull();
  });

  test("that stand still while probes go through are old", () => {
    let watched = NO_TRAFFIC;
    for (let look = 0; look < 20; look += 1) watched = watchTraffic(watched, before(5, 0));
    expect(trafficFault(watched, 20)).toContain("old");
  });
});
