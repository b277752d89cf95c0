import { beforeEach, describe, expect, test } from "vitest";

import { problem } from "../../base/problem.ts";
import { stateOf, type Deployment } from "../deployment.ts";
import type { DeployOutcome, DeployRequest } from "../environment.ts";
import { fakeEnvironment, liveLabel } from "../testing/fake-environment.ts";
import { FakeWorld, Killed } from "../testing/fake-world.ts";
import { gatedRequest, REPLAY_POLICY } from "../testing/gated-request.ts";
import type { DeployGates } from "./gate-record.ts";
import type { GateJudgement, GreenService, SwitchGate } from "./gate.ts";
import { replayGate } from "./replay-gate.ts";

function judging(verdict: GateJudgement["verdict"], isHeld = false): SwitchGate {
  return { judge: async () => ({ verdict, why: `it is a ${verdict}`, problems: [], figures: { n: 1 }, isHeld }) };
}

let world: FakeWorld;
beforeEach(() => {
  world = new FakeWorld();
});

const deploy = (label: string, gates: Partial<DeployGates> = {}, change?: Partial<DeployRequest>) =>
  fakeEnvironment(world).deploy(gatedRequest(label, gates, change));

describe("a deployment with gates", () => {
  test("passes them in order before the switch, and its record holds what each found out", async () => {
    await deploy("a");
    const order: string[] = [];
    const noting = (name: string): SwitchGate => ({
      judge: async (green: GreenService) => {
        order.push(`${name} while ${liveLabel(world) ?? "nothing"} is live, first: ${green.isFirst}`);
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
    expect(liveLabel(world)).toBe(kind === "aborted" ? "a" : "b");
    if (kind === "aborted") expect(lastStates(outcome, 3)).toEqual([gate, "aborting", "aborted"]);
    else expect(outcome.deployment.transitions.some(({ why }) => why.includes("no verdict"))).toBe(true);
    expect(world.brokenRules).toEqual([]);
  });

  test("held for want of data says which gate, and what to do", async () => {
    await deploy("a");
    const outcome = await deploy("b", { replay: replayGate(REPLAY_POLICY, null) });
    expect(outcome.problems).toMatchObject([{ code: "GATE_INCONCLUSIVE", place: "replay gate" }]);
    expect(outcome.why).toContain("nothing was recorded yet");
  });

  test("whose controller is killed while a gate judges is aborted by the next one, and blue serves", async () => {
    await deploy("a");
    const dying: SwitchGate = { judge: () => Promise.reject(new Killed()) };
    const killed = fakeEnvironment(world, "doomed", (step) => {
      if (step === "before write replay" || step === "after write replay") return;
      if (step.includes("write") && world.records.size > 1) {
        const last = JSON.parse([...world.records.values()].at(-1) ?? "null") as Deployment;
        if (stateOf(last) === "replay") throw new Killed();
      }
    });
    await expect(killed.deploy(gatedRequest("b", { replay: dying }))).rejects.toThrow(Killed);
    world.alive.delete("doomed");
    expect(liveLabel(world)).toBe("a");
    expect((await fakeEnvironment(world, "two").deploy(gatedRequest("c", {}))).kind).toBe("deployed");
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
});

function lastStates(outcome: DeployOutcome, count: number): string[] {
  return outcome.deployment.transitions.slice(-count).map(({ state }) => state);
}
