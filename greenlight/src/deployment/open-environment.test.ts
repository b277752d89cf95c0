import { beforeEach, describe, expect, test } from "vitest";

import type { DeployOutcome } from "./environment.ts";
import {
  brokenOrOpen,
  fakeEnvironment,
  liveLabel,
  misbehave,
  runningLabels,
  statesOf,
  warmLabels,
} from "./testing/fake-environment.ts";
import { FakeWorld } from "./testing/fake-world.ts";
import { requestFor } from "./testing/requests.ts";

describe("a deployment", () => {
  let world: FakeWorld;
  beforeEach(() => {
    world = new FakeWorld();
  });

  const deploy = (label: string, options?: Parameters<typeof requestFor>[1]): Promise<DeployOutcome> =>
    fakeEnvironment(world).deploy(requestFor(label, options));

  test("goes through every state once, and one release runs at its end", async () => {
    await deploy("a");
    const outcome = await deploy("b");
    expect(outcome.kind).toBe("deployed");
    expect(statesOf(outcome)).toEqual([
      "queued",
      "locked",
      "preflight",
      "starting-green",
      "health",
      "smoke",
      "switching",
      "baking",
      "draining",
      "warm-blue",
      "succeeded",
    ]);
    expect(outcome.deployment).toMatchObject({ previousReleaseId: requestFor("a").releaseId, slot: "green", epoch: 2 });
    expect([liveLabel(world), runningLabels(world), warmLabels(world)]).toEqual(["b", ["b"], ["a"]]);
    expect(brokenOrOpen(world)).toEqual([]);
  });

  test("ends the old release at once where none is kept running", async () => {
    world.timings = { ...world.timings, warmMs: 0 };
    await deploy("a");
    const outcome = await deploy("b");
    expect(statesOf(outcome).slice(-3)).toEqual(["warm-blue", "retiring", "succeeded"]);
    expect([liveLabel(world), runningLabels(world), warmLabels(world)]).toEqual(["b", ["b"], []]);
    expect(brokenOrOpen(world)).toEqual([]);
  });

  test("of what is live and well is already done, and says which deployment did it", async () => {
    const first = await deploy("a");
    const again = await deploy("a");
    expect(again.kind).toBe("already");
    expect(again.deployment.id).toBe(first.deployment.id);
    expect(world.records.size).toBe(1);
  });

  test("after a stop is made again and says why", async () => {
    await deploy("a");
    expect(await fakeEnvironment(world).stop()).toEqual({ wasRunning: true, endedPids: [1] });
    expect((await fakeEnvironment(world).observe()).status).toBe("stopped");
    const again = await deploy("a");
    expect(again.kind).toBe("deployed");
    expect(again.why).toContain("was stopped");
    expect(brokenOrOpen(world)).toEqual([]);
  });

  test("of what is live but does not answer is made again", async () => {
    await deploy("a");
    misbehave(world, "a", "never-ready");
    const again = await deploy("a");
    expect(again.kind).toBe("aborted");
    world.behaviours.clear();
    world.isRouterUp = false;
    expect((await deploy("a")).kind).toBe("deployed");
    expect(brokenOrOpen(world)).toEqual([]);
  });

  test.each([
    ["never-ready", "health", "not ready within 3000 ms; last answer: status 503"],
    ["flapping", "health", "never 3 times in a row"],
    ["wrong-version", "health", "answers as release other"],
    ["crash-loop", "health", "ended 6 times"],
    ["unhealthy", "smoke", "/health"],
  ] as const)("of a release that is %s ends before the switch, and blue is not touched", async (how, last, message) => {
    await deploy("a");
    misbehave(world, "b", how);
    const outcome = await deploy("b");
    expect(outcome.kind).toBe("aborted");
    expect(statesOf(outcome).slice(-3)).toEqual([last, "aborting", "aborted"]);
    expect(outcome.problems[0]).toMatchObject({ code: "DEPLOYMENT_FAILED" });
    expect(outcome.problems[0]?.message).toContain(message);
    expect([liveLabel(world), runningLabels(world)]).toEqual(["a", ["a"]]);
    expect(brokenOrOpen(world)).toEqual([]);
  });

  test("that fails with real traffic goes back to blue", async () => {
    await deploy("a");
    misbehave(world, "b", "fails-in-production");
    const outcome = await deploy("b");
    expect(outcome.kind).toBe("rolled-back");
    expect(statesOf(outcome).slice(-3)).toEqual(["baking", "rolling-back", "rolled-back"]);
    expect([liveLabel(world), runningLabels(world)]).toEqual(["a", ["a"]]);
    expect(brokenOrOpen(world)).toEqual([]);
  });

  test("that fails with real traffic needs a person when blue is unfit, and both keep running", async () => {
    await deploy("a");
    misbehave(world, "b", "fails-in-production");
    const outcome = await deploy("b", {
      onTransition: ({ state }) => {
        if (state === "baking") misbehave(world, "a", "never-ready");
      },
    });
    expect(outcome.kind).toBe("needs-human");
    expect([liveLabel(world), runningLabels(world)]).toEqual(["b", ["a", "b"]]);
    // The next good release clears it up.
    expect((await deploy("c")).kind).toBe("deployed");
    expect([liveLabel(world), runningLabels(world)]).toEqual(["c", ["c"]]);
    expect(brokenOrOpen(world)).toEqual([]);
  });

  test.each(["never-ready", "unhealthy", "fails-in-production"] as const)(
    "that is the first and %s leaves nothing running",
    async (behaviour) => {
      misbehave(world, "a", behaviour);
      const outcome = await deploy("a");
      expect(["aborted", "rolled-back"]).toContain(outcome.kind);
      expect([liveLabel(world), runningLabels(world), world.isKeeperUp, world.isRouterUp]).toEqual([
        null,
        [],
        false,
        false,
      ]);
      expect(brokenOrOpen(world)).toEqual([]);
    },
  );
});
