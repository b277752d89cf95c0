import { beforeEach, describe, expect, test } from "vitest";

import { stateOf, type Deployment } from "../deployment.ts";
import type { DeployRequest } from "../environment.ts";
import { openEnvironment } from "../open-environment.ts";
import { fakeEnvironment, liveLabel } from "../testing/fake-environment.ts";
import { FakeWorld, Killed } from "../testing/fake-world.ts";
import { gatedRequest } from "../testing/gated-request.ts";
import { requestFor } from "../testing/requests.ts";
import { DEFAULT_BAKING, type BakingPolicy } from "./baking-policy.ts";
import type { DeployGates } from "./gate-record.ts";

let world: FakeWorld;
beforeEach(() => {
  world = new FakeWorld();
});

const deploy = (label: string, gates: Partial<DeployGates> = {}, change?: Partial<DeployRequest>) =>
  fakeEnvironment(world).deploy(gatedRequest(label, gates, change));

describe("baking", () => {
  test("goes back when the error rate rises above that of blue, and says both", async () => {
    await deploy("a", {}, traffic(5000, 5));
    const outcome = await deploy("b", {}, traffic(1000, 45));
    expect(outcome.kind).toBe("rolled-back");
    expect(outcome.why).toContain("5 of 50");
    expect(liveLabel(world)).toBe("a");
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
        if (live !== undefined && liveLabel(world) === "b") spoil(live);
      },
    };
    const target = world.target("one");
    const outcome = await openEnvironment({ name: "fake", folder: "/fake", target, clock: spoiling }).deploy(
      gatedRequest("b", {}),
    );
    expect(outcome.kind).toBe("rolled-back");
    expect(outcome.why).toContain(why);
    expect(liveLabel(world)).toBe("a");
  });

  test("is judged by the deployment's own policy after its controller was killed", async () => {
    await deploy("a");
    const killed = fakeEnvironment(world, "doomed", (step) => {
      if (step === "after write baking") throw new Killed();
    });
    await expect(killed.deploy(gatedRequest("b", policy({ needsTraffic: true })))).rejects.toThrow(Killed);
    world.alive.delete("doomed");
    await fakeEnvironment(world, "two").deploy(gatedRequest("c", {}));
    const stored = [...world.records.values()].map((text) => JSON.parse(text) as Deployment);
    const abandoned = stored.find((each) => each.releaseId === requestFor("b").releaseId);
    expect(abandoned === undefined ? null : stateOf(abandoned)).toBe("rolled-back");
    expect(abandoned?.gates.reports.at(-1)).toMatchObject({ gate: "baking", verdict: "inconclusive", isHeld: true });
    expect([liveLabel(world), world.brokenRules]).toEqual(["c", []]);
  });
});

function policy(change: Partial<BakingPolicy>): Partial<DeployGates> {
  return { baking: { ...DEFAULT_BAKING, ...change } };
}

/** What the router says of the live deployment from the moment that green has the traffic. */
function traffic(requestCount: number, errorCount: number): Partial<DeployRequest> {
  return {
    onTransition: ({ state }) => {
      const id = world.route.live?.deploymentId;
      if (state === "baking" && id !== undefined) world.traffic.set(id, { requestCount, errorCount, durations: null });
    },
  };
}
