import { describe, expect, it } from "vitest";

import type { LoadRound } from "./load-round.ts";
import { runLoadSeries } from "./load-series.ts";

/** Runs a series whose rounds have these medians, the last one over and over; null is a round without an answer. */
async function runSeries(p50s: readonly (number | null)[], faulty: readonly number[] = []) {
  const lines: string[] = [];
  let count = 0;
  const runRound = (): Promise<LoadRound> => {
    const p50Ms = p50s[Math.min(count, p50s.length - 1)] ?? null;
    const errorCount = faulty.includes(count) ? 3 : 0;
    count += 1;
    const figures = p50Ms === null ? null : { p50Ms, p95Ms: 2 * p50Ms, p99Ms: 3 * p50Ms, requestsPerSecond: 100.5 };
    return Promise.resolve({ figures, answeredCount: 30, errorCount, faults: errorCount > 0 ? "3 of status 500" : "" });
  };
  const series = await runLoadSeries(runRound, {
    url: "http://127.0.0.1:1",
    method: "GET",
    body: null,
    connectionCount: 1,
    durationMs: 1,
    signal: new AbortController().signal,
    roundCount: 4,
    log: (line) => lines.push(line),
  });
  return { ...series, lines };
}

describe("runLoadSeries", () => {
  it("no round counts while the latency still falls", async () => {
    const { rounds, warmUpCount } = await runSeries([8, 4, 2, 1, 1.02, 0.97, 1]);
    expect(warmUpCount).toBe(6);
    expect(rounds.map((round) => round.figures?.p50Ms)).toEqual([1, 1, 1, 1]);
  });

  it("one slow round does not end the warm-up, two without progress do", async () => {
    expect((await runSeries([4, 5, 2, 2])).warmUpCount).toBe(5);
    expect((await runSeries([2])).warmUpCount).toBe(3);
  });

  it("a latency that falls for ever is measured after twelve rounds", async () => {
    const falling = Array.from({ length: 20 }, (_, index) => 0.5 ** index);
    expect(await runSeries(falling)).toMatchObject({ warmUpCount: 12, rounds: { length: 4 } });
  });

  it("a round with an error or without an answer is the last, in the warm-up too", async () => {
    expect(await runSeries([1], [4])).toMatchObject({ warmUpCount: 3, rounds: [{ errorCount: 0 }, { errorCount: 3 }] });
    expect(await runSeries([1], [1])).toMatchObject({ warmUpCount: 1, rounds: [{ errorCount: 3 }] });
    const silent = await runSeries([null]);
    expect(silent.rounds).toHaveLength(1);
    expect(silent.lines).toEqual(["warm-up 1: no answer"]);
  });

  it("each round is a line of the log", async () => {
    const { lines } = await runSeries([1], [3]);
    expect(lines.at(-1)).toBe("round 1: p50 1.00 ms, p95 2.00 ms, 101/s; 3 of status 500");
  });
});
