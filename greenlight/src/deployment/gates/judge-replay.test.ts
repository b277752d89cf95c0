import { describe, expect, test } from "vitest";

import { judgeReplay, type ReplayedRequest, type ReplayTally } from "./judge-replay.ts";
import type { RecordedExchange } from "./recorded-exchange.ts";
import { planReplay } from "./replay-plan.ts";
import type { ReplayPolicy } from "./replay-policy.ts";

const POLICY: ReplayPolicy = {
  requests: [{ method: "POST", path: "/predict/**" }],
  samples: [],
  limit: 50,
  minimum: 5,
  tolerance: 1e-6,
  ignore: [],
  timeoutMs: 1000,
  p95Ms: 50,
  memoryMb: null,
  memoryRatio: 2,
  whenInconclusive: "hold",
};
const MIB = 1024 ** 2;
const SAME: ReplayedRequest = { request: "POST /predict", differences: [], durationMs: 5 };
const OTHER: ReplayedRequest = {
  ...SAME,
  differences: [{ path: "rating", expected: "7", actual: "9", delta: 2 }],
};

function judge(replayed: readonly ReplayedRequest[], change: Partial<ReplayTally> = {}, policy = POLICY) {
  const plan = planReplay([], policy);
  const memory = { greenBytes: 60 * MIB, blueBytes: 50 * MIB };
  return judgeReplay(
    { plan, against: "the offline model", replayed, unsentCount: 0, lacks: [], isFirst: false, memory, ...change },
    policy,
  );
}

const used = (greenBytes: number, blueBytes: number) => ({ memory: { greenBytes, blueBytes } });

const times = (count: number, one: ReplayedRequest): ReplayedRequest[] => Array.from({ length: count }, () => one);

describe("the verdict of golden replay", () => {
  test("no data is inconclusive and held, never a pass", () => {
    expect(judge([])).toMatchObject({ verdict: "inconclusive", isHeld: true });
    expect(judge(times(4, SAME))).toMatchObject({ verdict: "inconclusive", isHeld: true });
  });

  test("no data warns where the policy says so, and at the first release of an environment", () => {
    expect(judge([], {}, { ...POLICY, whenInconclusive: "warn" })).toMatchObject({ isHeld: false });
    expect(judge([], { isFirst: true })).toMatchObject({ verdict: "inconclusive", isHeld: false });
  });

  test("enough answers that are the same pass, one that differs fails", () => {
    expect(judge(times(5, SAME)).verdict).toBe("pass");
    const failed = judge([...times(99, SAME), OTHER]);
    expect(failed).toMatchObject({ verdict: "fail", figures: { same: 99, different: 1 } });
    expect(failed.problems[0]).toMatchObject({ code: "REPLAY_DIFFERS", message: "rating is 9, expected 7" });
    expect(judge([OTHER]).verdict).toBe("fail");
  });

  test("answers over the latency budget fail, once there are enough of them", () => {
    expect(judge(times(30, { ...SAME, durationMs: 80 })).problems[0]?.code).toBe("LATENCY_REGRESSED");
    expect(judge(times(10, { ...SAME, durationMs: 80 })).verdict).toBe("pass");
    expect(judge(times(30, { ...SAME, durationMs: 80 }), {}, { ...POLICY, p95Ms: null }).verdict).toBe("pass");
  });

  test("the worst differences are kept first", () => {
    const worse = { ...OTHER, differences: [{ path: "rating", expected: "1", actual: "9", delta: 8 }] };
    expect(judge([...times(9, OTHER), worse]).figures["worst"]).toMatchObject([{ delta: 8 }, {}, {}, {}, {}]);
  });

  test("memory beyond the bound fails, beside the live release or by what is stated", () => {
    const good = times(6, SAME);
    expect(judge(good, used(100 * MIB, 50 * MIB))).toMatchObject({
      verdict: "pass",
      figures: { peakMemoryMb: 100, memoryLimitMb: 100, peakMemoryBeforeMb: 50 },
    });
    expect(judge(good, used(101 * MIB, 50 * MIB))).toMatchObject({
      verdict: "fail",
      problems: [{ code: "MEMORY_EXCEEDED" }],
      why: "it used 101 MiB of the memory, 100 MiB are allowed, 2 times the live release's 50 MiB",
    });
    const stated = { ...POLICY, memoryMb: 80 };
    expect(judge(good, used(81 * MIB, 80 * MIB), stated)).toMatchObject({ verdict: "fail" });
    expect(judge(good, used(80 * MIB, 10 * MIB), stated)).toMatchObject({ verdict: "pass" });
    // A wrong answer is told before anything else.
    expect(judge(times(6, OTHER), used(500 * MIB, 50 * MIB)).problems[0]?.code).toBe("REPLAY_DIFFERS");
  });

  test("memory that nobody can tell is no pass where it is bounded, and no matter where nothing bounds it", () => {
    const unknown = { memory: { greenBytes: null, blueBytes: null } };
    const stated = { ...POLICY, memoryMb: 80 };
    expect(judge(times(6, SAME), unknown, stated)).toMatchObject({ verdict: "inconclusive", isHeld: true });
    expect(judge(times(6, SAME), unknown, { ...stated, whenInconclusive: "warn" })).toMatchObject({ isHeld: false });
    expect(judge(times(6, SAME), unknown)).toMatchObject({ verdict: "pass", figures: { memoryLimitMb: null } });
    const first = { isFirst: true, memory: { greenBytes: 900 * MIB, blueBytes: null } };
    expect(judge(times(6, SAME), first)).toMatchObject({ verdict: "pass" });
  });
});

describe("what is replayed", () => {
  test("only what is declared safe, whole and well answered, each request once, the newest first", () => {
    const plan = planReplay(
      [
        recorded({ body: "old" }),
        recorded({ path: "/orders" }),
        recorded({ method: "DELETE" }),
        recorded({ isRedacted: true }),
        recorded({ answer: { status: 503, contentType: "text/plain", body: "", isRedacted: false } }),
        recorded({ path: "/predict/movie?x=1" }),
        recorded(),
        recorded(),
      ],
      { ...POLICY, limit: 2 },
    );
    expect(plan.requests.map(({ path, body }) => [path, body])).toEqual([
      ["/predict/movie", "{}"],
      ["/predict/movie?x=1", "{}"],
    ]);
    expect(plan.skipped).toEqual({ unsafe: 2, redacted: 1, failed: 1, repeated: 1 });
  });

  test("samples before what was recorded, and nothing recorded to hold them to", () => {
    const samples = [{ method: "POST", path: "/predict", body: { a: 1 } }];
    const [first] = planReplay([recorded()], { ...POLICY, samples }).requests;
    expect(first).toMatchObject({ path: "/predict", body: '{"a":1}', recorded: null });
  });
});

function recorded(change: Partial<RecordedExchange> = {}): RecordedExchange {
  return {
    at: "2026-01-01T00:00:00.000Z",
    deploymentId: "d",
    releaseId: "r",
    method: "POST",
    path: "/predict/movie",
    headers: {},
    body: "{}",
    isRedacted: false,
    answer: { status: 200, contentType: "application/json", body: "{}", isRedacted: false },
    durationMs: 1,
    ...change,
  };
}
