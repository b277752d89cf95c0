import { describe, expect, it } from "vitest";

import type { BenchmarkEvidence } from "../../evidence/evidence.ts";
import { deploymentNeed, effectContext, recalled } from "../probing/testing/effect-context.ts";
import { answering, deadUrl, startService } from "../probing/testing/test-service.ts";
import { benchmark } from "./benchmark.ts";

const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] === "1";

const REQUEST = { method: "POST", path: "/predict", body: { title: "Up" } };
const ARGS = { environment: "staging", request: REQUEST, rounds: 10, roundMs: 40 };

function benchmarkOf(result: Awaited<ReturnType<typeof benchmark>>): BenchmarkEvidence {
  const [evidence] = result.evidence;
  if (evidence?.kind !== "benchmark") throw new Error(`no benchmark: ${result.why}`);
  return evidence;
}

/** A service that answers after at least `ms`, spent waiting so that other tests keep their processor. */
function slowly(ms: number): Parameters<typeof startService>[0] {
  return (request, response) => {
    request.resume().on("end", () => setTimeout(() => response.end("{}"), ms));
  };
}

describe("benchmark", () => {
  it("the first measurement becomes the baseline: every round counted, medians, figures in the reason", async () => {
    await using service = await startService(answering({ rating: 7 }, { release: "movies-1f2e3d" }));
    const context = effectContext({ needs: { deployment: deploymentNeed(service.url) } });
    const result = await benchmark(ARGS, context);
    const evidence = benchmarkOf(result);
    expect(result).toMatchObject({ outcome: "passed", isAlready: false, problems: [], subject: "d-staging" });
    expect(result.why).toMatch(/^p50 \d+\.\d\d ms, .* requests; first measurement: becomes the baseline$/);
    expect(evidence).toMatchObject({ request: "POST /predict", connectionCount: 4, errorCount: 0, comparison: null });
    expect(evidence.rounds).toHaveLength(10);
    expect(
      evidence.rounds.every((round) => round.p50Ms > 0 && round.p50Ms <= round.p95Ms && round.p95Ms <= round.p99Ms),
    ).toBe(true);
    const p50s = evidence.rounds.map((round) => round.p50Ms).toSorted((left, right) => left - right);
    expect(evidence.median.p50Ms).toBeCloseTo(((p50s[4] ?? 0) + (p50s[5] ?? 0)) / 2, 9);
    // The warm-up and the request before it reached the service, but do not count.
    expect(evidence.requestCount).toBeGreaterThan(10);
    expect(service.requests.length).toBeGreaterThan(evidence.requestCount);
    expect(context.lines[0]).toMatch(/^warm-up 1: p50/);
    expect(context.lines.filter((line) => line.startsWith("round "))).toHaveLength(10);
  });

  it.runIf(IS_HEAVY)("a service three times as slow as the baseline is rejected, with the figures", async () => {
    await using fast = await startService(slowly(1));
    await using slow = await startService(slowly(8));
    // Long enough for a few answers of the slow one, also on a busy machine.
    const quick = { ...ARGS, roundMs: 80 };
    const base = await benchmark(quick, effectContext({ needs: { deployment: deploymentNeed(fast.url) } }));
    const baseline = { step: "baseline", outputs: {}, facts: base.facts, evidence: base.evidence };
    const deployment = deploymentNeed(slow.url, "production");
    const production = { ...quick, environment: "production" };
    const result = await benchmark(production, effectContext({ needs: { deployment, baseline } }));
    expect(result).toMatchObject({ outcome: "failed", problems: [{ code: "LATENCY_REGRESSED", place: "production" }] });
    expect(result.why).toMatch(
      /times staging baseline, measured again in turns \(.*limit 1\.5\); rounds vary by \d+ %; at first [\d.]+ times/,
    );
    const { comparison } = benchmarkOf(result);
    expect(comparison?.verdict).toBe("reject");
    expect(comparison?.low).toBeGreaterThan(1.5);
    const generous = { ...production, limitRatio: 50 };
    const allowed = await benchmark(generous, effectContext({ needs: { deployment, baseline } }));
    expect(allowed).toMatchObject({ outcome: "passed", problems: [] });
  });

  it.runIf(IS_HEAVY)("a machine that became slower since the baseline is not held against the release", async () => {
    let delayMs = 1;
    await using service = await startService((request, response) => slowly(delayMs)(request, response));
    const quick = { ...ARGS, roundMs: 80 };
    const base = await benchmark(quick, effectContext({ needs: { deployment: deploymentNeed(service.url) } }));
    delayMs = 8;
    const baseline = { step: "baseline", outputs: {}, facts: base.facts, evidence: base.evidence };
    const deployment = deploymentNeed(service.url, "production");
    const production = { ...quick, environment: "production" };
    const result = await benchmark(production, effectContext({ needs: { deployment, baseline } }));
    expect(result.outcome).toBe("passed");
    expect(result.why).toMatch(
      /times staging baseline, measured again in turns .*; at first [\d.]+ times staging baseline/,
    );
  });

  it("an answer other than 2xx under load fails at once and says how many", async () => {
    let count = 0;
    await using service = await startService((request, response) => {
      count += 1;
      response.statusCode = count > 1 && count % 5 === 0 ? 500 : 200;
      request.resume().on("end", () => response.end("{}"));
    });
    const context = effectContext({ needs: { deployment: deploymentNeed(service.url) } });
    const result = await benchmark(ARGS, context);
    expect(result.outcome).toBe("failed");
    expect(result.problems).toMatchObject([{ code: "LOAD_FAILED", place: "staging, POST /predict" }]);
    expect(result.why).toMatch(/^\d+ of status 500$/);
    expect(benchmarkOf(result).errorCount).toBeGreaterThan(0);
    expect(context.lines).toHaveLength(1);
  });

  it("requests that the service drops are counted as errors", async () => {
    let count = 0;
    await using service = await startService((request, response) => {
      count += 1;
      if (count > 3 && count % 7 === 0) request.socket.destroy();
      else request.resume().on("end", () => response.end("{}"));
    });
    const result = await benchmark(ARGS, effectContext({ needs: { deployment: deploymentNeed(service.url) } }));
    expect(result.outcome).toBe("failed");
    expect(result.why).toMatch(/faulty connections|never answered/);
  });

  it("a service that is down, refuses, or is another release is not loaded at all", async () => {
    await using refusing = await startService(answering({ error: "no model" }, { status: 503 }));
    await using other = await startService(answering({}, { release: "movies-old" }));
    const reasons: string[] = [];
    for (const url of [await deadUrl(), refusing.url, other.url]) {
      const result = await benchmark(ARGS, effectContext({ needs: { deployment: deploymentNeed(url) } }));
      expect(result).toMatchObject({ outcome: "failed", evidence: [] });
      reasons.push(result.why);
    }
    expect(reasons).toEqual([
      "nothing listens there",
      'status 503: {"error":"no model"}',
      "release movies-old answers, expected movies-1f2e3d",
    ]);
    expect(refusing.requests).toHaveLength(1);
  });

  it("a round too short for a single answer fails instead of giving no figure", async () => {
    await using service = await startService(slowly(100));
    const result = await benchmark(ARGS, effectContext({ needs: { deployment: deploymentNeed(service.url) } }));
    expect(result).toMatchObject({ outcome: "failed", why: "no answer within a round of 40 ms" });
  });

  it("a baseline that was asked for and not measured leaves a warning", async () => {
    await using service = await startService(answering({}));
    const needs = {
      deployment: deploymentNeed(service.url),
      baseline: { step: "baseline", outputs: {}, facts: {}, evidence: [] },
    };
    const result = await benchmark({ ...ARGS, rounds: 1 }, effectContext({ needs }));
    expect(result.outcome).toBe("warned");
    expect(result.why).toContain("not compared, the baseline was not measured");
  });

  it("a deployment measured before is not measured again, unless that could not tell", async () => {
    await using service = await startService(answering({}));
    const first = await benchmark(
      { ...ARGS, rounds: 1 },
      effectContext({ needs: { deployment: deploymentNeed(service.url) } }),
    );
    const evidence = benchmarkOf(first);
    const comparison = { against: "b", baseline: evidence.median, ratio: 1, low: 1, high: 2, limit: 1.5, why: "noisy" };
    const told = { ...evidence, comparison: { ...comparison, verdict: "promote" as const } };
    const before = service.requests.length;
    const needs = { deployment: deploymentNeed(service.url) };
    expect(await benchmark(ARGS, effectContext({ needs, recalled: recalled([told]) }))).toMatchObject({
      outcome: "passed",
      isAlready: true,
      why: "already measured: deployment d-staging",
      evidence: [told],
    });
    expect(service.requests).toHaveLength(before);
    const inconclusive = { ...evidence, comparison: { ...comparison, verdict: "inconclusive" as const } };
    const again = await benchmark(ARGS, effectContext({ needs, recalled: recalled([inconclusive]) }));
    expect(again.isAlready).toBe(false);
    expect(service.requests.length).toBeGreaterThan(before);
  });

  it("an abort under load ends it soon, with the abort's reason", async () => {
    const abort = new AbortController();
    let count = 0;
    await using service = await startService((request, response) => {
      count += 1;
      if (count === 50) abort.abort(new Error("ctrl-c"));
      request.resume().on("end", () => response.end("{}"));
    });
    const context = effectContext({ needs: { deployment: deploymentNeed(service.url) }, signal: abort.signal });
    const startedAt = performance.now();
    await expect(benchmark({ ...ARGS, roundMs: 10_000 }, context)).rejects.toThrow("ctrl-c");
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });
});
