import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";

import { isFinished, stateOf, type Deployment } from "./deployment.ts";
import type { DeployApproval, DeployOutcome } from "./environment.ts";
import type { Behaviour } from "./testing/fake-behaviour.ts";
import {
  brokenOrOpen,
  fakeEnvironment,
  liveLabel,
  misbehave,
  runningLabels,
  statesOf,
} from "./testing/fake-environment.ts";
import { FakeWorld, Killed } from "./testing/fake-world.ts";
import { requestFor } from "./testing/requests.ts";

describe("a deployment that does not go straight on", () => {
  let world: FakeWorld;
  beforeEach(() => {
    world = new FakeWorld();
  });

  const deploy = (label: string, options?: Parameters<typeof requestFor>[1]): Promise<DeployOutcome> =>
    fakeEnvironment(world).deploy(requestFor(label, options));

  test("waits for a person, and is superseded by the next one", async () => {
    await deploy("a");
    const outcome = await deploy("b", { ask: async () => ({ kind: "waiting" }) });
    expect([outcome.kind, statesOf(outcome).at(-1)]).toEqual(["waiting", "awaiting-approval"]);
    const next = await deploy("c", { ask: ({ record }) => record(granted("ann")) });
    expect(next.kind).toBe("deployed");
    expect(next.deployment.approval).toMatchObject({ by: "ann", how: "terminal", why: "looks good" });
    const history = await fakeEnvironment(world).history(2);
    expect(history[1]?.transitions.at(-1)).toMatchObject({
      state: "aborted",
      why: `superseded by a newer deployment: ${next.deployment.releaseId} by a test`,
    });
    expect(brokenOrOpen(world)).toEqual([]);
  });

  test("that a person rejects is not begun", async () => {
    await deploy("a");
    const outcome = await deploy("b", { ask: ({ record }) => record(rejected("ann", "freeze")) });
    expect([outcome.kind, outcome.why]).toEqual(["rejected", "rejected by ann: freeze"]);
    expect([liveLabel(world), runningLabels(world)]).toEqual(["a", ["a"]]);
    expect(brokenOrOpen(world)).toEqual([]);
  });

  test("that is cancelled while a person is asked does not wait for the answer", async () => {
    const abort = new AbortController();
    const ask = (): Promise<never> => new Promise(() => abort.abort());
    expect((await deploy("a", { signal: abort.signal, ask })).kind).toBe("cancelled");
    expect(world.isKeeperUp).toBe(false);
  });

  test("does not begin while another one is under way, and says whose", async () => {
    await deploy("a");
    const other = world.target("other");
    await other.takeLease({ deploymentId: "x", who: "other", runId: "y" });
    const outcome = await deploy("b");
    expect(outcome).toMatchObject({
      kind: "aborted",
      problems: [{ code: "ENVIRONMENT_BUSY", message: "other holds it" }],
    });
    world.kill("other");
    expect((await deploy("b")).kind).toBe("deployed");
  });

  test("that is overtaken by a stop ends at its next step", async () => {
    await deploy("a");
    let stopped: Promise<unknown> | undefined;
    const outcome = await deploy("b", {
      onTransition: ({ state }) => {
        if (state === "baking") stopped = fakeEnvironment(world, "two").stop();
      },
    });
    await stopped;
    expect(outcome).toMatchObject({ kind: "aborted", problems: [{ code: "ENVIRONMENT_BUSY" }] });
    expect([world.isStopped, runningLabels(world)]).toEqual([true, []]);
    expect(brokenOrOpen(world)).toEqual([]);
  });

  test.each(["install", "start", "startSlot"])("whose %s fails is aborted", async (effect) => {
    await deploy("a");
    if (effect === "start") world.isRouterUp = false;
    world.failing.set(effect, 1);
    const outcome = await deploy("b");
    expect(outcome).toMatchObject({ kind: "aborted", problems: [{ message: `${effect} failed on purpose` }] });
    expect(liveLabel(world)).toBe("a");
    expect(brokenOrOpen(world)).toEqual([]);
  });

  test.each(["switchRoute", "endSlot", "closeUpstream", "prune"])(
    "gets over a %s that fails now and then",
    async (effect) => {
      await deploy("a");
      world.failing.set(effect, 2);
      world.timings = { ...world.timings, warmMs: effect === "endSlot" ? 0 : 60_000 };
      expect((await deploy("b")).kind).toBe("deployed");
      expect(runningLabels(world)).toEqual(["b"]);
      expect(brokenOrOpen(world)).toEqual([]);
    },
  );

  test("cancelled in any state leaves one release running or none, and the record says cancelled", async () => {
    const reached = statesOf(await deploy("a")).concat("warm-blue", "rolling-back", "aborting");
    for (const isFirst of [true, false]) {
      for (const at of reached) {
        world = new FakeWorld();
        if (!isFirst) await deploy("a");
        if (at === "rolling-back") misbehave(world, "b", "fails-in-production");
        if (at === "aborting") misbehave(world, "b", "unhealthy");
        if (at === "retiring") world.timings = { ...world.timings, warmMs: 0 };
        const abort = new AbortController();
        const outcome = await deploy("b", {
          signal: abort.signal,
          onTransition: ({ state }) => {
            if (state === at) abort.abort();
          },
        });
        const place = `${isFirst ? "first" : "second"}, at ${at}`;
        expect([place, at === "succeeded" ? "cancelled" : outcome.kind]).toEqual([place, "cancelled"]);
        expect([place, runningLabels(world).length]).toEqual([place, liveLabel(world) === null ? 0 : 1]);
        if (isFirst && liveLabel(world) === null) expect([place, world.isKeeperUp]).toEqual([place, false]);
        expect(brokenOrOpen(world)).toEqual([]);
      }
    }
  });

  /** Runs a deployment of `label` until its n-th step and kills it there. Answers the step; null when it came to its end. */
  async function killAt(label: string, n: number): Promise<string | null> {
    let count = 0;
    let place: string | null = null;
    const onStep = (step: string): void => {
      count += 1;
      if (count !== n) return;
      place = step;
      throw new Killed(step);
    };
    await fakeEnvironment(world, "killed", onStep)
      .deploy(requestFor(label))
      .catch((error: unknown) => {
        if (!(error instanceof Killed)) throw error;
      });
    world.kill("killed");
    return place;
  }

  describe("whose controller is killed", () => {
    test.each([
      ["well", "the same", true],
      ["well", "the next", true],
      ["well", "the next", false],
      ["fails-in-production", "the next", true],
      ["unhealthy", "the next", true],
      ["fails-in-production", "the next", false],
    ] as const)(
      "at any step (a release that does %s, then %s, something live before: %s) leaves what the next one sets right",
      async (behaviour, which, isLiveBefore) => {
        const places: string[] = [];
        for (let n = 1; ; n += 1) {
          world = new FakeWorld();
          if (isLiveBefore) await deploy("a");
          misbehave(world, "b", behaviour);
          const place = await killAt("b", n);
          if (place === null) break;
          places.push(place);
          if (isLiveBefore) expect([place, liveLabel(world)]).not.toEqual([place, null]);
          expect([place, world.brokenRules]).toEqual([place, []]);
          const label = which === "the same" ? "b" : "c";
          const outcome = await fakeEnvironment(world, "healer").deploy(requestFor(label));
          expect([place, outcome.kind]).toEqual([place, outcome.kind === "already" ? "already" : "deployed"]);
          expect([place, liveLabel(world), runningLabels(world)]).toEqual([place, label, [label]]);
          expect(brokenOrOpen(world)).toEqual([]);
        }
        // Before and after every write and effect of the whole course.
        expect(places.length).toBeGreaterThan(30);
      },
    );

    test("at any step, followed by a stop, leaves nothing", async () => {
      for (let n = 1; ; n += 1) {
        world = new FakeWorld();
        await deploy("a");
        if ((await killAt("b", n)) === null) break;
        await fakeEnvironment(world, "healer").stop();
        expect([runningLabels(world), world.isKeeperUp, world.isRouterUp]).toEqual([[], false, false]);
        expect(brokenOrOpen(world)).toEqual([]);
      }
    });
  });

  test("comes to an end whatever fails and whenever it is cancelled, and breaks no rule", async () => {
    const names = ["install", "start", "startSlot", "endSlot", "switchRoute", "closeUpstream", "prune"];
    const behaviours: Behaviour[] = [
      "well",
      "never-ready",
      "wrong-version",
      "unhealthy",
      "crash-loop",
      "fails-in-production",
    ];
    await fc.assert(
      fc.asyncProperty(
        fc.boolean(),
        fc.constantFrom(...behaviours),
        fc.constantFrom(...behaviours),
        fc.dictionary(fc.constantFrom(...names), fc.integer({ min: 0, max: 12 })),
        fc.option(fc.integer({ min: 0, max: 6000 })),
        async (hasBlue, blueLater, green, failures, cancelAfterMs) => {
          world = new FakeWorld();
          if (hasBlue) await deploy("a");
          for (const [name, count] of Object.entries(failures)) world.failing.set(name, count);
          misbehave(world, "b", green);
          const abort = new AbortController();
          const begunAt = world.now;
          const outcome = await fakeEnvironment(world, "one", () => {
            if (cancelAfterMs !== null && world.now >= begunAt + cancelAfterMs) abort.abort();
            if (world.route.live?.releaseId === requestFor("b").releaseId) misbehave(world, "a", blueLater);
          }).deploy(requestFor("b", { signal: abort.signal }));
          expect(world.brokenRules).toEqual([]);
          expect(isFinished(outcome.deployment as Deployment)).toBe(true);
          expect(world.now - begunAt).toBeLessThan(120_000);
          if (hasBlue && stateOf(outcome.deployment as Deployment) === "aborted") expect(liveLabel(world)).toBe("a");
          if (outcome.kind === "deployed") expect([liveLabel(world), runningLabels(world)]).toEqual(["b", ["b"]]);
        },
      ),
      { numRuns: 150 },
    );
  });
});

function granted(by: string): DeployApproval {
  return { kind: "granted", by, why: "looks good", how: "terminal" };
}

function rejected(by: string, why: string): DeployApproval {
  return { kind: "rejected", by, why, how: "terminal" };
}
