import { beforeEach, describe, expect, test } from "vitest";

import { problem } from "../../base/problem.ts";
import { stateOf, type Deployment } from "../deployment.ts";
import type { DeployOutcome, DeployRequest, Environment } from "../environment.ts";
import { openEnvironment } from "../open-environment.ts";
import { FakeWorld, Killed } from "../testing/fake-world.ts";
import { requestFor } from "../testing/requests.ts";
import { DEFAULT_BAKING, type BakingPolicy } from "./baking-policy.ts";
import type { DeployGates } from "./gate-record.ts";
import type { GateJudgement, GreenService, SwitchGate } from "./gate.ts";
import type { RecordedExchange } from "./recorded-exchange.ts";
import { replayGate } from "./replay-gate.ts";
import type { ReplayPolicy } from "./replay-policy.ts";

const POLICY: ReplayPolicy = {
  requests: [{ method: "POST", path: "/predict" }],
  samples: [],
  limit: 50,
  minimum: 3,
  tolerance: 1e-6,
  ignore: ["predictionId"],
  timeoutMs: 1000,
  p95Ms: null,
  memoryMb: null,
  memoryRatio: 2,
  whenInconclusive: "hold",
};

function judging(verdict: GateJudgement["verdict"], isHeld = false): SwitchGate {
  return { judge: async () => ({ verdict, why: `it is a ${verdict}`, problems: [], figures: { n: 1 }, isHeld }) };
}

describe("a deployment with gates", () => {
  let world: FakeWorld;
  beforeEach(() => {
    world = new FakeWorld();
  });

  function environment(controller = "one", onStep?: (step: string) => void): Environment {
    const target = world.target(controller, onStep);
    return openEnvironment({ name: "fake", folder: "/fake", target, clock: world.clock });
  }

  const deploy = (label: string, gates: Partial<DeployGates> = {}, change?: Partial<DeployRequest>) =>
    environment().deploy(request(label, gates, change));

  const liveLabel = (): string | null => world.route.live?.releaseId.split("-")[0] ?? null;
  function record(count: number, rating: number, deploymentId = world.route.live?.deploymentId ?? ""): void {
    world.recordings = Array.from({ length: count }, (_, index): RecordedExchange => ({
      at: "2026-01-01T00:00:00.000Z",
      deploymentId,
      releaseId: "r",
      method: "POST",
      path: "/predict",
      headers: {},
      body: JSON.stringify({ film: index }),
      isRedacted: false,
      answer: {
        status: 200,
        contentType: "application/json",
        body: JSON.stringify({ rating, predictionId: `p${index}` }),
        isRedacted: false,
      },
      durationMs: 1,
    }));
  }

  const answerWith = (rating: number): void => {
    world.answer = () => ({ status: 200, body: JSON.stringify({ rating, predictionId: "other" }) });
  };

  test("passes them in order before the switch, and its record holds what each found out", async () => {
    await deploy("a");
    const order: string[] = [];
    const noting = (name: string): SwitchGate => ({
      judge: async (green: GreenService) => {
        order.push(`${name} while ${liveLabel() ?? "nothing"} is live, first: ${green.isFirst}`);
        return judging("pass").judge(green);
      },
    });
    const outcome = await deploy("b", { smoke: noting("smoke"), replay: noting("replay") });
    expect(order).toEqual(["smoke while a is live, first: false", "replay while a is live, first: false"]);
    expect(outcome.kind).toBe("deployed");
    const states = outcome.deployment.transitions.map(({ state }) => state);
    expect(states.slice(4, 9)).toEqual(["health", "smoke", "replay", "switching", "baking"]);
    const { reports } = outcome.deployment.gates;
    expect(reports.map(({ gate, verdict }) => [gate, verdict])).toEqual([
      ["smoke", "pass"],
      ["replay", "pass"],
      ["baking", "pass"],
    ]);
    expect(reports[2]?.figures).toMatchObject({ syntheticProbes: expect.any(Number) as number });
    expect(world.brokenRules).toEqual([]);
  });

  test.each([
    ["smoke", judging("fail"), "aborted"],
    ["replay", judging("fail"), "aborted"],
    ["replay", judging("inconclusive", true), "aborted"],
    ["replay", judging("inconclusive", false), "deployed"],
    ["smoke", { judge: () => Promise.reject(new Error("no such file")) }, "aborted"],
  ] as const)("of a release whose %s gate says no keeps the traffic on blue (%#)", async (gate, judge, kind) => {
    await deploy("a");
    const outcome = await deploy("b", { [gate]: judge });
    expect(outcome.kind).toBe(kind);
    expect(liveLabel()).toBe(kind === "aborted" ? "a" : "b");
    if (kind === "aborted") expect(lastStates(outcome, 3)).toEqual([gate, "aborting", "aborted"]);
    else expect(outcome.deployment.transitions.some(({ why }) => why.includes("no verdict"))).toBe(true);
    expect(world.brokenRules).toEqual([]);
  });

  test("held for want of data says which gate, and what to do", async () => {
    await deploy("a");
    const outcome = await deploy("b", { replay: replayGate(POLICY, null) });
    expect(outcome.problems).toMatchObject([{ code: "GATE_INCONCLUSIVE", place: "replay gate" }]);
    expect(outcome.why).toContain("nothing was recorded yet");
  });

  test("whose controller is killed while a gate judges is aborted by the next one, and blue serves", async () => {
    await deploy("a");
    const dying: SwitchGate = { judge: () => Promise.reject(new Killed()) };
    const killed = environment("doomed", (step) => {
      if (step === "before write replay" || step === "after write replay") return;
      if (step.includes("write") && world.records.size > 1) {
        const last = JSON.parse([...world.records.values()].at(-1) ?? "null") as Deployment;
        if (stateOf(last) === "replay") throw new Killed();
      }
    });
    await expect(killed.deploy(request("b", { replay: dying }))).rejects.toThrow(Killed);
    world.alive.delete("doomed");
    expect(liveLabel()).toBe("a");
    expect((await environment("two").deploy(request("c", {}))).kind).toBe("deployed");
    expect(world.brokenRules).toEqual([]);
  });

  test("waits for as many good answers in a row as its environment wants", async () => {
    const outcome = await deploy("a", { readyCount: 7 });
    const smoke = outcome.deployment.transitions.find(({ state }) => state === "smoke");
    expect(smoke?.why).toBe("ready 7 times in a row");
  });

  test("marks what its gates ask, so that a service need not count it", async () => {
    const marks: (string | undefined)[] = [];
    world.answer = ({ headers }) => {
      marks.push(headers["x-greenlight-gate"]);
      return { status: 200, body: "{}" };
    };
    const asking: SwitchGate = {
      judge: async (green) => {
        await green.request({ method: "GET", path: "/", headers: {}, body: null, timeoutMs: 1 });
        return judging("pass").judge(green);
      },
    };
    await deploy("a", { smoke: asking, replay: asking });
    expect(marks).toEqual(["smoke", "replay"]);
  });

  test("keeps no secret that a service answers with", async () => {
    const telling: SwitchGate = {
      judge: async () => ({
        verdict: "fail",
        why: "it says s3cret-1",
        problems: [problem("REPLAY_DIFFERS", { place: "a", message: "s3cret-1" })],
        figures: { worst: [{ actual: "s3cret-1" }] },
        isHeld: false,
      }),
    };
    const outcome = await deploy("a", { replay: telling }, { mask: (text) => text.replaceAll("s3cret-1", "***") });
    expect(outcome.kind).toBe("aborted");
    expect(JSON.stringify([...world.records.values(), outcome])).not.toContain("s3cret-1");
  });

  describe("golden replay", () => {
    test("lets a release through that answers as was recorded, but for what may differ", async () => {
      await deploy("a");
      record(5, 7.25);
      answerWith(7.250_000_4);
      const outcome = await deploy("b", { replay: replayGate(POLICY, null) });
      expect(outcome.kind).toBe("deployed");
      expect(outcome.deployment.gates.reports[0]).toMatchObject({ gate: "replay", figures: { compared: 5, same: 5 } });
    });

    test("stops one that answers otherwise", async () => {
      await deploy("a");
      record(5, 7.25);
      answerWith(7.3);
      const outcome = await deploy("b", { replay: replayGate(POLICY, null) });
      expect(outcome.kind).toBe("aborted");
      expect(outcome.problems[0]).toMatchObject({ code: "REPLAY_DIFFERS", message: "rating is 7.3, expected 7.25" });
      expect(liveLabel()).toBe("a");
    });

    test("does not hold a new model to what another one answered: that is no data", async () => {
      await deploy("a");
      record(5, 7.25);
      answerWith(8);
      const manifest = {
        ...requestFor("b").manifest,
        modelPath: "model.json",
        files: [{ path: "model.json", digest: "m", sizeBytes: 1, isExecutable: false }],
      };
      const { releaseDigest, releaseId } = await import("../../release/release-digest.ts");
      const change = { manifest, digest: releaseDigest(manifest), releaseId: releaseId(manifest) };
      const outcome = await deploy("b", { replay: replayGate(POLICY, null) }, change);
      expect(outcome.kind).toBe("aborted");
      expect(outcome.why).toContain("5 were answered by another model");
    });

    test("holds a new model to its own offline scores", async () => {
      const samples = [1, 2, 3].map((film) => ({ method: "POST", path: "/predict", body: { film } }));
      const scored = (rating: number) =>
        replayGate({ ...POLICY, samples }, async (requests) => ({
          ok: true,
          value: new Map(
            requests.map(({ id }) => [id, { status: 200, body: { rating }, isSubset: true, isRedacted: false }]),
          ),
        }));
      answerWith(8);
      expect((await deploy("a", { replay: scored(8) })).kind).toBe("deployed");
      const outcome = await deploy("b", { replay: scored(7) });
      expect(outcome.kind).toBe("aborted");
      expect(outcome.problems[0]?.code).toBe("REPLAY_DIFFERS");
      expect(liveLabel()).toBe("a");
    });

    test("a scorer that breaks holds even the first release", async () => {
      const samples = [{ method: "POST", path: "/predict", body: {} }];
      const broken = replayGate({ ...POLICY, samples }, async () => ({ ok: false, error: "no model" }));
      expect((await deploy("a", { replay: broken })).kind).toBe("aborted");
    });
  });

  describe("baking", () => {
    test("goes back when the error rate rises above that of blue, and says both", async () => {
      await deploy("a", {}, traffic(world, 5000, 5));
      const outcome = await deploy("b", {}, traffic(world, 1000, 45));
      expect(outcome.kind).toBe("rolled-back");
      expect(outcome.why).toContain("5 of 50");
      expect(liveLabel()).toBe("a");
      expect(outcome.deployment.gates.reports.at(-1)).toMatchObject({
        gate: "baking",
        verdict: "fail",
        figures: { before: { errors: 5 }, after: { errors: 45 } },
      });
      expect(world.brokenRules).toEqual([]);
    });

    test("without users is longer where they are needed, then goes back or stays, as the policy says", async () => {
      await deploy("a");
      const begun = world.now;
      const held = await deploy("b", policy({ needsTraffic: true, extendMs: 4000 }));
      expect(held.kind).toBe("rolled-back");
      expect(held.why).toContain("no verdict: only 0 requests of users");
      expect(world.now - begun).toBeGreaterThanOrEqual(5000);
      const warned = await deploy("c", policy({ needsTraffic: true, whenInconclusive: "warn" }));
      expect(warned.kind).toBe("deployed");
      expect(warned.deployment.gates.reports.at(-1)).toMatchObject({ verdict: "inconclusive", isHeld: false });
    });

    test.each([
      [
        "no numbers",
        (id: string) => world.traffic.set(id, { requestCount: Number.NaN, errorCount: 0, durations: null }),
        "absent or no numbers",
      ],
      ["old", (id: string) => world.traffic.delete(id), "old: 1 requests, though"],
    ])("whose figures are %s comes to no verdict, and goes back", async (_name, spoil, why) => {
      await deploy("a");
      const { clock } = world;
      const sleep = clock.sleep;
      const spoiling = {
        ...clock,
        sleep: async (ms: number, signal?: AbortSignal) => {
          await sleep(ms, signal);
          const live = world.route.live?.deploymentId;
          if (live !== undefined && liveLabel() === "b") spoil(live);
        },
      };
      const target = world.target("one");
      const outcome = await openEnvironment({ name: "fake", folder: "/fake", target, clock: spoiling }).deploy(
        request("b", {}),
      );
      expect(outcome.kind).toBe("rolled-back");
      expect(outcome.why).toContain(why);
      expect(liveLabel()).toBe("a");
    });

    test("is judged by the deployment's own policy after its controller was killed", async () => {
      await deploy("a");
      const killed = environment("doomed", (step) => {
        if (step === "after write baking") throw new Killed();
      });
      await expect(killed.deploy(request("b", policy({ needsTraffic: true })))).rejects.toThrow(Killed);
      world.alive.delete("doomed");
      await environment("two").deploy(request("c", {}));
      const stored = [...world.records.values()].map((text) => JSON.parse(text) as Deployment);
      const abandoned = stored.find((each) => each.releaseId === requestFor("b").releaseId);
      expect(abandoned === undefined ? null : stateOf(abandoned)).toBe("rolled-back");
      expect(abandoned?.gates.reports.at(-1)).toMatchObject({ gate: "baking", verdict: "inconclusive", isHeld: true });
      expect([liveLabel(), world.brokenRules]).toEqual(["c", []]);
    });
  });
});

function request(label: string, gates: Partial<DeployGates>, change: Partial<DeployRequest> = {}): DeployRequest {
  return {
    ...requestFor(label),
    gates: { smoke: null, replay: null, baking: DEFAULT_BAKING, ...gates },
    ...change,
  };
}

function lastStates(outcome: DeployOutcome, count: number): string[] {
  return outcome.deployment.transitions.slice(-count).map(({ state }) => state);
}

function policy(change: Partial<BakingPolicy>): Partial<DeployGates> {
  return { baking: { ...DEFAULT_BAKING, ...change } };
}

/** What the router says of the live deployment from the moment that green has the traffic. */
function traffic(world: FakeWorld, requestCount: number, errorCount: number): Partial<DeployRequest> {
  return {
    onTransition: ({ state }) => {
      const id = world.route.live?.deploymentId;
      if (state === "baking" && id !== undefined) world.traffic.set(id, { requestCount, errorCount, durations: null });
    },
  };
}
