import fc from "fast-check";
import { beforeEach, describe, expect, test } from "vitest";

import { decide } from "./decide.ts";
import type { Deployment } from "./deployment.ts";
import type { DeployOutcome, DeploymentStateName } from "./environment.ts";
import { nothingFound, type Observation } from "./observation.ts";
import { fakeEnvironment } from "./testing/fake-environment.ts";
import { FAKE_TIMINGS } from "./testing/fake-timings.ts";
import { FakeWorld } from "./testing/fake-world.ts";
import { requestFor } from "./testing/requests.ts";
import { brokenAtRest, recordsOf } from "./testing/world-rules.ts";

const TIMINGS = { ...FAKE_TIMINGS, swap: "hold" } as const;

describe("a deployment where only one release fits", () => {
  let world: FakeWorld;
  beforeEach(async () => {
    world = new FakeWorld();
    world.timings = TIMINGS;
    await deploy("a");
  });

  function deploy(label: string): Promise<DeployOutcome> {
    return fakeEnvironment(world, `controller of ${label}`).deploy(requestFor(label));
  }

  const atRest = (): readonly string[] => [...world.brokenRules, ...brokenAtRest(world)];
  const live = (): string | undefined => world.route.live?.releaseId.split("-")[0];

  test("stops the old release before the new one starts, and keeps none", async () => {
    const outcome = await deploy("b");
    const states = outcome.deployment.transitions.map(({ state }) => state);
    expect(states.slice(states.indexOf("preflight"), states.indexOf("preflight") + 3)).toEqual([
      "preflight",
      "stopping-blue",
      "starting-green",
    ]);
    const steps = recordsOf(world)
      .find(({ id }) => id === outcome.deployment.id)
      ?.steps.map(({ effect }) => effect);
    const order = ["install", "hold-route", "close-upstream", "park-slot", "start-green", "switch-to-green"];
    expect(steps?.filter((step) => order.includes(step)).slice(0, order.length)).toEqual(order);
    expect([outcome.kind, live(), atRest()]).toEqual(["deployed", "b", []]);
    expect(Object.values(world.slots).filter((slot) => slot !== null)).toHaveLength(1);
  });

  test.each(["never-ready", "crash-loop", "wrong-version", "unhealthy"] as const)(
    "that is %s starts the old one again, and lets nobody wait any more",
    async (behaviour) => {
      world.behaviours.set(requestFor("b").releaseId, behaviour);
      expect(await deploy("b")).toMatchObject({ kind: "aborted" });
      expect([live(), atRest(), world.slots.blue?.isParked]).toEqual(["a", [], false]);
    },
  );

  test("that fails while baking makes room for the old one again", async () => {
    world.behaviours.set(requestFor("b").releaseId, "fails-in-production");
    expect(await deploy("b")).toMatchObject({ kind: "rolled-back" });
    expect([live(), atRest()]).toEqual(["a", []]);
    expect(Object.values(world.slots).filter((slot) => slot !== null)).toHaveLength(1);
  });

  test("asks for a person when the old one does not come back", async () => {
    world.behaviours.set(requestFor("b").releaseId, "never-ready");
    world.behaviours.set(requestFor("a").releaseId, "never-ready");
    const outcome = await deploy("b");
    expect(outcome).toMatchObject({ kind: "needs-human", problems: [{ code: "DEPLOYMENT_NEEDS_HUMAN" }, {}] });
    // The next one clears it away.
    expect(await deploy("c")).toMatchObject({ kind: "deployed" });
    expect([live(), world.brokenRules]).toEqual(["c", []]);
  });

  test.each(["holdRoute", "parkSlot"])("whose %s fails leaves the old one serving", async (effect) => {
    world.failing.set(effect, 5);
    expect(await deploy("b")).toMatchObject({ kind: "aborted" });
    expect([live(), atRest()]).toEqual(["a", []]);
  });

  test("in any world, blue is stopped only while requests wait, and no way ends before it is back", () => {
    const BLUE = { deploymentId: "old", releaseId: "r-old", digest: "d", slot: "blue" } as const;
    const GREEN = { deploymentId: "new", releaseId: "r-new", digest: "e", slot: "green" } as const;
    const now = Date.parse("2026-01-01T00:00:00Z");
    const record = recordsOf(world)[0];
    if (record === undefined) throw new Error("nothing was deployed");
    const worlds = fc.record({
      state: fc.constantFrom<DeploymentStateName>("stopping-blue", "health", "aborting", "rolling-back", "baking"),
      isGreenLive: fc.boolean(),
      hasGreen: fc.boolean(),
      isParked: fc.boolean(),
      isHeld: fc.boolean(),
      isClosed: fc.boolean(),
      isInstalled: fc.boolean(),
      inFlightCount: fc.nat(2),
      readyInARow: fc.nat(3),
      count: fc.nat(60),
      failedAttemptCount: fc.nat(6),
      elapsedMs: fc.nat(30_000),
      isInterrupted: fc.boolean(),
    });
    fc.assert(
      fc.property(worlds, (given) => {
        const life = { pid: 1, port: 1, restartCount: 0, isCrashLooping: false, lastExit: null, warmUntil: null };
        const heldUntil = given.isHeld ? now + 60_000 : null;
        const deployment: Deployment = {
          ...record,
          id: GREEN.deploymentId,
          releaseId: GREEN.releaseId,
          digest: GREEN.digest,
          slot: "green",
          blue: BLUE,
          swap: "hold",
          transitions: [{ state: given.state, at: new Date(now).toISOString(), why: "" }],
          interruption: given.isInterrupted ? { kind: "cancelled", why: "c" } : null,
          failure: null,
        };
        const streak = { ...nothingFound(now).blue, readyInARow: given.readyInARow, count: given.count };
        const { isClosed, isInstalled, failedAttemptCount } = given;
        const seen: Observation = {
          timings: TIMINGS,
          lease: "held",
          needsApproval: false,
          found: { ...nothingFound(now), blue: streak, green: streak, isClosed, isInstalled, failedAttemptCount },
          target: {
            isKnown: true,
            isStopped: false,
            problems: [],
            keeper: { pid: 1, startTime: "x" },
            router: { pid: 1, isInPlace: true },
            route: { epoch: 1, live: given.isGreenLive ? GREEN : BLUE, heldUntil },
            slots: {
              blue: { ...life, ...BLUE, isParked: given.isParked },
              green: given.hasGreen ? { ...life, ...GREEN } : null,
            },
            traffic: [BLUE, GREEN].map(({ deploymentId }) => ({
              deploymentId,
              requestCount: 1,
              serverErrorCount: 0,
              failureCount: 0,
              inFlightCount: given.inFlightCount,
            })),
          },
        };
        const action = decide(deployment, seen, now + given.elapsedMs);
        const effect = action.kind === "do" ? action.effect : null;
        if (effect?.kind === "park-slot" && effect.isParked) {
          expect([given.state, given.isHeld, given.isClosed, given.isGreenLive]).toEqual([
            "stopping-blue",
            true,
            true,
            false,
          ]);
        }
        if (effect?.kind === "park-slot" && !effect.isParked) expect(given.hasGreen).toBe(false);
        if (effect?.kind === "end-slot" && effect.deploymentId === GREEN.deploymentId && given.isGreenLive) {
          expect([given.isHeld, given.isParked]).toEqual([true, true]);
        }
        if (effect?.kind === "end-slot") expect(effect.deploymentId).toBe(GREEN.deploymentId);
        if (action.kind === "enter" && (action.state === "aborted" || action.state === "rolled-back")) {
          expect([given.isParked && !given.isGreenLive, given.isGreenLive]).toEqual([false, false]);
        }
      }),
      { numRuns: 3000 },
    );
  });
});
