import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";

import { isFinished, stateOf, type Deployment } from "./deployment.ts";
import type { DeployApproval, DeployOutcome, Environment } from "./environment.ts";
import { openEnvironment } from "./open-environment.ts";
import type { Behaviour } from "./testing/fake-behaviour.ts";
import { FakeWorld, Killed } from "./testing/fake-world.ts";
import { requestFor } from "./testing/requests.ts";

type RequestOptions = Parameters<typeof requestFor>[1];

describe("a deployment", () => {
  let world: FakeWorld;
  beforeEach(() => {
    world = new FakeWorld();
  });

  function environment(controller = "one", onStep?: (step: string) => void): Environment {
    return openEnvironment({
      name: "fake",
      folder: "/fake",
      target: world.target(controller, onStep),
      clock: world.clock,
    });
  }

  const deploy = (label: string, options?: RequestOptions): Promise<DeployOutcome> =>
    environment().deploy(requestFor(label, options));

  function misbehave(label: string, behaviour: Behaviour): void {
    world.behaviours.set(requestFor(label).releaseId, behaviour);
  }

  const liveLabel = (): string | null => world.route.live?.releaseId.split("-")[0] ?? null;
  const labels = (isWanted: (slot: { readonly warmUntil: number | null }) => boolean): string[] =>
    Object.values(world.slots).flatMap((slot) =>
      slot !== null && isWanted(slot) ? (slot.releaseId.split("-")[0] ?? []) : [],
    );
  /** What runs and is not merely kept for a rollback: one release, or a slot was forgotten. */
  const running = (): string[] => labels(({ warmUntil }) => warmUntil === null);
  const warm = (): string[] => labels(({ warmUntil }) => warmUntil !== null);

  function expectNothingBroken(): void {
    expect(world.brokenRules).toEqual([]);
    const unfinished = [...world.records.values()].map((text) => JSON.parse(text) as Deployment);
    expect(unfinished.filter((each) => !isFinished(each)).map(stateOf)).toEqual([]);
  }

  test("goes through every state once, and one release runs at its end", async () => {
    await deploy("a");
    const outcome = await deploy("b");
    expect(outcome.kind).toBe("deployed");
    expect(states(outcome)).toEqual([
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
    expect([liveLabel(), running(), warm()]).toEqual(["b", ["b"], ["a"]]);
    expectNothingBroken();
  });

  test("ends the old release at once where none is kept running", async () => {
    world.timings = { ...world.timings, warmMs: 0 };
    await deploy("a");
    const outcome = await deploy("b");
    expect(states(outcome).slice(-3)).toEqual(["warm-blue", "retiring", "succeeded"]);
    expect([liveLabel(), running(), warm()]).toEqual(["b", ["b"], []]);
    expectNothingBroken();
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
    expect(await environment().stop()).toEqual({ wasRunning: true, endedPids: [1] });
    expect((await environment().observe()).status).toBe("stopped");
    const again = await deploy("a");
    expect(again.kind).toBe("deployed");
    expect(again.why).toContain("was stopped");
    expectNothingBroken();
  });

  test("of what is live but does not answer is made again", async () => {
    await deploy("a");
    misbehave("a", "never-ready");
    const again = await deploy("a");
    expect(again.kind).toBe("aborted");
    world.behaviours.clear();
    world.isRouterUp = false;
    expect((await deploy("a")).kind).toBe("deployed");
    expectNothingBroken();
  });

  test.each([
    ["never-ready", "health", "not ready within 3000 ms; last answer: status 503"],
    ["flapping", "health", "never 3 times in a row"],
    ["wrong-version", "health", "answers as release other"],
    ["crash-loop", "health", "ended 6 times"],
    ["unhealthy", "smoke", "/health"],
  ] as const)("of a release that is %s ends before the switch, and blue is not touched", async (how, last, message) => {
    await deploy("a");
    misbehave("b", how);
    const outcome = await deploy("b");
    expect(outcome.kind).toBe("aborted");
    expect(states(outcome).slice(-3)).toEqual([last, "aborting", "aborted"]);
    expect(outcome.problems[0]).toMatchObject({ code: "DEPLOYMENT_FAILED" });
    expect(outcome.problems[0]?.message).toContain(message);
    expect([liveLabel(), running()]).toEqual(["a", ["a"]]);
    expectNothingBroken();
  });

  test("that fails with real traffic goes back to blue", async () => {
    await deploy("a");
    misbehave("b", "fails-in-production");
    const outcome = await deploy("b");
    expect(outcome.kind).toBe("rolled-back");
    expect(states(outcome).slice(-3)).toEqual(["baking", "rolling-back", "rolled-back"]);
    expect([liveLabel(), running()]).toEqual(["a", ["a"]]);
    expectNothingBroken();
  });

  test("that fails with real traffic needs a person when blue is unfit, and both keep running", async () => {
    await deploy("a");
    misbehave("b", "fails-in-production");
    const outcome = await deploy("b", {
      onTransition: ({ state }) => {
        if (state === "baking") misbehave("a", "never-ready");
      },
    });
    expect(outcome.kind).toBe("needs-human");
    expect([liveLabel(), running()]).toEqual(["b", ["a", "b"]]);
    // The next good release clears it up.
    expect((await deploy("c")).kind).toBe("deployed");
    expect([liveLabel(), running()]).toEqual(["c", ["c"]]);
    expectNothingBroken();
  });

  test.each(["never-ready", "unhealthy", "fails-in-production"] as const)(
    "that is the first and %s leaves nothing running",
    async (behaviour) => {
      misbehave("a", behaviour);
      const outcome = await deploy("a");
      expect(["aborted", "rolled-back"]).toContain(outcome.kind);
      expect([liveLabel(), running(), world.isKeeperUp, world.isRouterUp]).toEqual([null, [], false, false]);
      expectNothingBroken();
    },
  );

  test("waits for a person, and is superseded by the next one", async () => {
    await deploy("a");
    const outcome = await deploy("b", { ask: async () => ({ kind: "waiting" }) });
    expect([outcome.kind, states(outcome).at(-1)]).toEqual(["waiting", "awaiting-approval"]);
    const next = await deploy("c", { ask: ({ record }) => record(granted("ann")) });
    expect(next.kind).toBe("deployed");
    expect(next.deployment.approval).toMatchObject({ by: "ann", how: "terminal", why: "looks good" });
    const history = await environment().history(2);
    expect(history[1]?.transitions.at(-1)).toMatchObject({
      state: "aborted",
      why: `superseded by a newer deployment: ${next.deployment.releaseId} by a test`,
    });
    expectNothingBroken();
  });

  test("that a person rejects is not begun", async () => {
    await deploy("a");
    const outcome = await deploy("b", { ask: ({ record }) => record(rejected("ann", "freeze")) });
    expect([outcome.kind, outcome.why]).toEqual(["rejected", "rejected by ann: freeze"]);
    expect([liveLabel(), running()]).toEqual(["a", ["a"]]);
    expectNothingBroken();
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
        if (state === "baking") stopped = environment("two").stop();
      },
    });
    await stopped;
    expect(outcome).toMatchObject({ kind: "aborted", problems: [{ code: "ENVIRONMENT_BUSY" }] });
    expect([world.isStopped, running()]).toEqual([true, []]);
    expectNothingBroken();
  });

  test.each(["install", "start", "startSlot"])("whose %s fails is aborted", async (effect) => {
    await deploy("a");
    if (effect === "start") world.isRouterUp = false;
    world.failing.set(effect, 1);
    const outcome = await deploy("b");
    expect(outcome).toMatchObject({ kind: "aborted", problems: [{ message: `${effect} failed on purpose` }] });
    expect(liveLabel()).toBe("a");
    expectNothingBroken();
  });

  test.each(["switchRoute", "endSlot", "closeUpstream", "prune"])(
    "gets over a %s that fails now and then",
    async (effect) => {
      await deploy("a");
      world.failing.set(effect, 2);
      world.timings = { ...world.timings, warmMs: effect === "endSlot" ? 0 : 60_000 };
      expect((await deploy("b")).kind).toBe("deployed");
      expect(running()).toEqual(["b"]);
      expectNothingBroken();
    },
  );

  test("cancelled in any state leaves one release running or none, and the record says cancelled", async () => {
    const reached = states(await deploy("a")).concat("warm-blue", "rolling-back", "aborting");
    for (const isFirst of [true, false]) {
      for (const at of reached) {
        world = new FakeWorld();
        if (!isFirst) await deploy("a");
        if (at === "rolling-back") misbehave("b", "fails-in-production");
        if (at === "aborting") misbehave("b", "unhealthy");
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
        expect([place, running().length]).toEqual([place, liveLabel() === null ? 0 : 1]);
        if (isFirst && liveLabel() === null) expect([place, world.isKeeperUp]).toEqual([place, false]);
        expectNothingBroken();
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
    await environment("killed", onStep)
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
          misbehave("b", behaviour);
          const place = await killAt("b", n);
          if (place === null) break;
          places.push(place);
          if (isLiveBefore) expect([place, liveLabel()]).not.toEqual([place, null]);
          expect([place, world.brokenRules]).toEqual([place, []]);
          const label = which === "the same" ? "b" : "c";
          const outcome = await environment("healer").deploy(requestFor(label));
          expect([place, outcome.kind]).toEqual([place, outcome.kind === "already" ? "already" : "deployed"]);
          expect([place, liveLabel(), running()]).toEqual([place, label, [label]]);
          expectNothingBroken();
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
        await environment("healer").stop();
        expect([running(), world.isKeeperUp, world.isRouterUp]).toEqual([[], false, false]);
        expectNothingBroken();
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
          misbehave("b", green);
          const abort = new AbortController();
          const begunAt = world.now;
          const outcome = await environment("one", () => {
            if (cancelAfterMs !== null && world.now >= begunAt + cancelAfterMs) abort.abort();
            if (world.route.live?.releaseId === requestFor("b").releaseId) misbehave("a", blueLater);
          }).deploy(requestFor("b", { signal: abort.signal }));
          expect(world.brokenRules).toEqual([]);
          expect(isFinished(outcome.deployment as Deployment)).toBe(true);
          expect(world.now - begunAt).toBeLessThan(120_000);
          if (hasBlue && stateOf(outcome.deployment as Deployment) === "aborted") expect(liveLabel()).toBe("a");
          if (outcome.kind === "deployed") expect([liveLabel(), running()]).toEqual(["b", ["b"]]);
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

function states(outcome: DeployOutcome): string[] {
  return outcome.deployment.transitions.map(({ state }) => state);
}
