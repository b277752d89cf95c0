import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { decide } from "./decide.ts";
import { stateOf } from "./deployment.ts";
import type { DeploymentStateName } from "./environment.ts";
import { NO_FIGURES } from "./judge-baking.ts";
import { nothingFound, type Observation } from "./observation.ts";
import { BLUE, deployment, GREEN, NOW, seen, slot } from "./testing/seen.ts";

const STATES: readonly DeploymentStateName[] = [
  "queued",
  "locked",
  "preflight",
  "awaiting-approval",
  "stopping-blue",
  "starting-green",
  "health",
  "smoke",
  "replay",
  "switching",
  "baking",
  "draining",
  "warm-blue",
  "retiring",
  "aborting",
  "rolling-back",
  "succeeded",
  "aborted",
  "rolled-back",
  "needs-human",
];
const TERMINAL = new Set<DeploymentStateName>(["succeeded", "aborted", "rolled-back", "needs-human"]);

const WELL = { ...NO_FIGURES, probeCount: 20, requestCount: 20, restartCountBefore: 0 };
const onGreen = { route: { epoch: 1, live: GREEN } };
const traffic = (deploymentId: string, inFlightCount: number) => ({
  traffic: [{ deploymentId, inFlightCount, requestCount: 9, serverErrorCount: 0, failureCount: 0 }],
});

describe("what to do next", () => {
  test.each<[string, DeploymentStateName, Observation, object]>([
    ["asks for the lease", "queued", seen({}, {}, { lease: "none" }), { effect: { kind: "take-lease" } }],
    ["waits for a lease", "queued", seen({}, { leaseHeldBy: "ann" }, { lease: "none" }), { kind: "look" }],
    ["heals before it begins", "locked", seen({}), { effect: { kind: "heal" } }],
    ["ends when all is done already", "locked", seen({}, { isHealed: true, isServing: true }), { kind: "end" }],
    [
      "asks a person where one is wanted",
      "preflight",
      seen({}, { preflight: [] }, { needsApproval: true }),
      { state: "awaiting-approval" },
    ],
    [
      "stops waiting when told to come back",
      "awaiting-approval",
      seen({}, { approval: { kind: "waiting" } }),
      { kind: "end" },
    ],
    [
      "installs first",
      "starting-green",
      seen({ slots: { blue: slot(BLUE), green: null } }),
      { effect: { kind: "install" } },
    ],
    [
      "starts the router where it is missing",
      "starting-green",
      seen({ router: null }, { isInstalled: true }),
      { effect: { kind: "start-target" } },
    ],
    [
      "moves a router that listens elsewhere",
      "starting-green",
      seen({ router: { pid: 2, isInPlace: false } }, { isInstalled: true }),
      { effect: { kind: "start-target" } },
    ],
    [
      "clears the slot it needs",
      "starting-green",
      seen({ slots: { blue: slot(BLUE), green: slot({ ...GREEN, deploymentId: "older" }) } }, { isInstalled: true }),
      { effect: { kind: "end-slot", deploymentId: "older" } },
    ],
    ["goes on once green runs", "starting-green", seen({}, { isInstalled: true }), { state: "health" }],
    [
      "wants several ready answers in a row",
      "health",
      seen({}, { green: { count: 9, goodCount: 2, readyInARow: 2, wrongInARow: 0, last: null } }),
      { kind: "look" },
    ],
    [
      "is content with enough of them",
      "health",
      seen({}, { green: { count: 9, goodCount: 3, readyInARow: 3, wrongInARow: 0, last: null } }),
      { state: "smoke" },
    ],
    ["switches", "switching", seen({}), { effect: { kind: "switch-to-green" } }],
    ["sees that it has switched", "switching", seen(onGreen), { state: "baking" }],
    [
      "does not take the traffic from a third one",
      "switching",
      seen({ route: { epoch: 1, live: { ...BLUE, deploymentId: "third" } } }),
      { state: "aborting" },
    ],
    [
      "keeps baking until the time is over",
      "baking",
      seen(onGreen, { baking: WELL }),
      { kind: "look", at: "production" },
    ],
    ["waits for requests at blue", "draining", seen({ ...onGreen, ...traffic("old", 2) }), { kind: "look" }],
    [
      "closes blue's connections when none is left",
      "draining",
      seen({ ...onGreen, ...traffic("old", 0) }),
      { effect: { kind: "close-upstream", deploymentId: "old" } },
    ],
    ["ends blue when it is retired", "retiring", seen(onGreen), { effect: { kind: "end-slot", slot: "blue" } }],
    ["ends green when it aborts", "aborting", seen({}), { effect: { kind: "end-slot", slot: "green" } }],
    ["looks at blue before it goes back", "rolling-back", seen(onGreen), { kind: "look", at: "blue-ready" }],
    [
      "goes back to a fit blue",
      "rolling-back",
      seen(onGreen, { blue: { count: 1, goodCount: 1, readyInARow: 1, wrongInARow: 0, last: null } }),
      { effect: { kind: "switch-to-blue" } },
    ],
    [
      "asks for a person when blue is unfit",
      "rolling-back",
      seen(onGreen, { blue: { count: 20, goodCount: 0, readyInARow: 0, wrongInARow: 0, last: null } }),
      { state: "needs-human" },
    ],
    ["lets green's requests end before green", "rolling-back", seen(traffic("new", 1)), { kind: "look" }],
  ])("%s", (_name, state, observation, expected) => {
    expect(decide(deployment(state), observation, NOW)).toMatchObject(expected);
  });

  test("deadlines are absolute: another controller that takes over keeps them", () => {
    const late = NOW + 3000;
    expect(decide(deployment("health"), seen({}, { since: late }), late)).toMatchObject({ state: "aborting" });
    expect(
      decide(deployment("draining"), seen({ ...onGreen, ...traffic("old", 2) }, { since: late }), late),
    ).toMatchObject({
      effect: { kind: "close-upstream" },
    });
  });

  test("no data is not a pass: a baking without probes goes back in the end", () => {
    const at = (ms: number) => decide(deployment("baking"), seen(onGreen), NOW + ms);
    expect(at(1000)).toMatchObject({ kind: "look" });
    expect(at(6000)).toMatchObject({ state: "rolling-back" });
    expect(decide(deployment("baking"), seen(onGreen, { baking: WELL }), NOW + 1000)).toMatchObject({
      state: "draining",
    });
  });

  test("a controller that lost its lease does nothing more, in any state", () => {
    for (const state of STATES)
      expect(decide(deployment(state), seen({}, {}, { lease: "lost" }), NOW)).toEqual({ kind: "end" });
  });

  test("every state has an exit: an interruption or an effect that never works leads on", () => {
    for (const state of STATES) {
      if (TERMINAL.has(state)) continue;
      const stuck = seen({}, { effectCount: 100 });
      expect([state, decide(deployment(state), stuck, NOW)]).toEqual([
        state,
        expect.objectContaining({ kind: "enter" }),
      ]);
    }
  });

  test("blue is ended in `retiring` only, and before the switch nothing is done to it", () => {
    const release = fc.constantFrom(null, BLUE, GREEN);
    const streak = fc.record({
      count: fc.nat(30),
      goodCount: fc.nat(30),
      readyInARow: fc.nat(4),
      wrongInARow: fc.nat(4),
      last: fc.constant(null),
    });
    const observations = fc.record({
      live: release,
      hasBlue: fc.boolean(),
      hasGreen: fc.boolean(),
      isStopped: fc.boolean(),
      isUp: fc.boolean(),
      inFlightCount: fc.nat(3),
      streak,
      isInstalled: fc.boolean(),
      isClosed: fc.boolean(),
      isPruned: fc.boolean(),
      failedAttemptCount: fc.nat(12),
      elapsedMs: fc.nat(10_000),
      baking: fc.constantFrom(WELL, { ...WELL, failedInARow: 3 }, nothingFound(NOW).baking),
      interruption: fc.constantFrom(null, "cancelled" as const, "abandoned" as const),
    });
    fc.assert(
      fc.property(fc.constantFrom(...STATES), observations, (state, world) => {
        const { streak: blue, isInstalled, isClosed, isPruned, failedAttemptCount, baking } = world;
        const observation = seen(
          {
            isStopped: world.isStopped,
            keeper: world.isUp ? { pid: 1, startTime: "x" } : null,
            route: { epoch: 1, live: world.live },
            slots: { blue: world.hasBlue ? slot(BLUE) : null, green: world.hasGreen ? slot(GREEN) : null },
            ...traffic("old", world.inFlightCount),
          },
          { blue, green: blue, isInstalled, isClosed, isPruned, failedAttemptCount, baking },
        );
        const interruption = world.interruption === null ? null : { kind: world.interruption, why: "" };
        const given = deployment(state, { interruption });
        const action = decide(given, observation, NOW + world.elapsedMs);
        expect(stateOf(given)).toBe(state);
        const touchesBlue =
          action.kind === "do" &&
          ((action.effect.kind === "end-slot" && action.effect.deploymentId === BLUE.deploymentId) ||
            (action.effect.kind === "close-upstream" && action.effect.deploymentId === BLUE.deploymentId));
        if (touchesBlue) expect(["draining", "retiring"]).toContain(state);
        // Nothing that had something to go back to ever ends the whole environment.
        if (action.kind === "do") expect(action.effect.kind).not.toBe("stop-target");
        if (TERMINAL.has(state)) expect(action).toEqual({ kind: "end" });
      }),
      { numRuns: 2000 },
    );
  });
});
