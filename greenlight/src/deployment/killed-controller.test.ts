import { beforeEach, describe, expect, test } from "vitest";

import { stateOf } from "./deployment.ts";
import type { DeployOutcome } from "./environment.ts";
import { DEFAULT_BAKING } from "./gates/baking-policy.ts";
import type { SwitchGate } from "./gates/gate.ts";
import { BESIDE, HOLD, type Scenario } from "./testing/controller-scenarios.ts";
import { fakeEnvironment, labelOf, liveLabel } from "./testing/fake-environment.ts";
import { FakeWorld, Killed } from "./testing/fake-world.ts";
import { requestFor } from "./testing/requests.ts";
import { brokenAtRest, recordsOf } from "./testing/world-rules.ts";

const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] !== undefined;

type OnStep = (step: string) => void | Promise<void>;

let world: FakeWorld;
beforeEach(() => {
  world = new FakeWorld();
});

const GRANT = { kind: "granted", by: "ann", why: "good", how: "command" } as const;

const SCENARIOS: readonly Scenario[] = [...BESIDE, ...(IS_HEAVY ? HOLD : HOLD.slice(0, 2))];

/** What comes after it, by whoever finds what was left. */
const RECOVERIES = ["the same again", "another release", "a rollback", "a stop"] as const;
type Recovery = (typeof RECOVERIES)[number];

async function prepare({ before, label, behaviour, warmMs, swap = "beside" }: Scenario): Promise<void> {
  world = new FakeWorld();
  world.timings = { ...world.timings, swap };
  if (warmMs !== undefined) world.timings = { ...world.timings, warmMs };
  for (const each of before) await fakeEnvironment(world, `before-${each}`).deploy(requestFor(each));
  if (behaviour !== undefined) world.behaviours.set(requestFor(label).releaseId, behaviour);
}

function act(scenario: Scenario, controller: string, onStep?: OnStep): Promise<DeployOutcome> {
  const { label, kind, abortIn, isApproved, gates } = scenario;
  const abort = new AbortController();
  const request = requestFor(label, {
    signal: abort.signal,
    ...(isApproved === true ? { ask: async ({ standing, record }) => (await standing()) ?? record(GRANT) } : {}),
    onTransition: ({ state }) => {
      if (state === abortIn) abort.abort();
    },
  });
  return fakeEnvironment(world, controller, onStep).deploy({
    ...request,
    ...(kind === undefined ? {} : { kind }),
    ...(gates === undefined
      ? {}
      : { gates: { smoke: judging("pass"), replay: judging(gates), baking: DEFAULT_BAKING } }),
  });
}

/** A gate that asks green once, and then finds what it is told to. */
function judging(verdict: "pass" | "fail"): SwitchGate {
  return {
    judge: async (green) => {
      await green.request({ method: "GET", path: "/", headers: {}, body: null, timeoutMs: 1 });
      return { verdict, why: `it is a ${verdict}`, problems: [], figures: {}, isHeld: false };
    },
  };
}

/** All that a scenario does to the world, as it is found by letting it come to its end: each is a place to be killed at. */
async function stepsOf(scenario: Scenario): Promise<readonly string[]> {
  await prepare(scenario);
  const steps: string[] = [];
  await act(scenario, "whole", (step) => void steps.push(step));
  return steps;
}

/** Kills the controller at its `index`-th step. What it left behind stays as it is. */
async function killAt(index: number, run: (onStep: OnStep) => Promise<unknown>): Promise<void> {
  let count = -1;
  const onStep = (step: string): void => {
    count += 1;
    if (count >= index) throw new Killed(step);
  };
  await run(onStep).catch((error: unknown) => {
    if (!(error instanceof Killed)) throw error;
  });
}

async function recover(recovery: Recovery, scenario: Scenario, controller: string, onStep?: OnStep): Promise<string> {
  switch (recovery) {
    case "the same again":
      return (await act({ ...scenario, abortIn: "succeeded" }, controller, onStep)).kind;
    case "another release":
      return (await fakeEnvironment(world, controller, onStep).deploy(requestFor("new"))).kind;
    case "a rollback": {
      const chosen = await fakeEnvironment(world, "chooser").chooseRollback(undefined);
      const label = chosen.ok ? (labelOf(chosen.value.releaseId) ?? "") : "new";
      return (await fakeEnvironment(world, controller, onStep).deploy({ ...requestFor(label), kind: "rollback" })).kind;
    }
    case "a stop":
      await fakeEnvironment(world, controller, onStep).stop();
      return "stopped";
  }
}

/** Somebody's release still has the traffic, unless there never was one, or the first one just failed. */
function expectStillServed(at: string, { before }: Scenario): void {
  if (before.length > 0) expect([at, liveLabel(world)]).not.toEqual([at, null]);
  expect([at, world.brokenRules]).toEqual([at, []]);
}

function expectAllSet(at: string, recovery: Recovery, recordCount: number): void {
  expect([at, world.brokenRules, brokenAtRest(world)]).toEqual([at, [], []]);
  // What was once written down stays in the history, and has come to an end there.
  const records = recordsOf(world);
  expect([at, records.length >= recordCount]).toEqual([at, true]);
  expect([at, records.every(({ who, why }) => who !== "" && why !== "")]).toEqual([at, true]);
  if (recovery === "a stop")
    expect([at, world.isKeeperUp, world.slots]).toEqual([at, false, { blue: null, green: null }]);
  if (recovery === "another release") expect([at, liveLabel(world)]).toEqual([at, "new"]);
}

describe.each(SCENARIOS)("the controller of $name", (scenario) => {
  // At full length each step is followed by each way to recover, otherwise by one of them in turn.
  const rounds = IS_HEAVY ? RECOVERIES.length : 1;
  test.each(Array.from({ length: rounds }, (_, round) => round))(
    "killed at each step that it takes, is set right (round %i)",
    async (round) => {
      const steps = await stepsOf(scenario);
      expect(steps.filter((step) => step.includes("write")).length).toBeGreaterThan(8);
      for (const [index, step] of steps.entries()) {
        const recovery = RECOVERIES[(index + round) % RECOVERIES.length] ?? "a stop";
        const at = `${index}, ${step}, then ${recovery}`;
        await prepare(scenario);
        await killAt(index, (onStep) => act(scenario, "killed", onStep));
        world.kill("killed");
        expectStillServed(at, scenario);
        const recordCount = world.records.size;
        await recover(recovery, scenario, "healer");
        expectAllSet(at, recovery, recordCount);
      }
    },
  );

  test.runIf(IS_HEAVY)(
    "killed at each step, and its healer too at each of its own, is set right by the next",
    async () => {
      const steps = await stepsOf(scenario);
      for (const index of steps.keys()) {
        for (let second = 0; ; second += 7) {
          const recovery = RECOVERIES[(index + second) % RECOVERIES.length] ?? "a stop";
          const at = `${index}, then ${second} of ${recovery}`;
          await prepare(scenario);
          await killAt(index, (onStep) => act(scenario, "killed", onStep));
          world.kill("killed");
          let count = 0;
          await killAt(second, (onStep) =>
            recover(recovery, scenario, "second", (step) => {
              count += 1;
              return onStep(step);
            }),
          );
          world.kill("second");
          if (recovery !== "a stop") expectStillServed(at, scenario);
          await recover("another release", scenario, "healer");
          expectAllSet(at, "another release", world.records.size);
          if (count <= second) break;
        }
      }
      expect(steps.length).toBeGreaterThan(20);
    },
    300_000,
  );

  test("standing still at each step while another takes its place, changes nothing when it wakes up", async () => {
    const steps = await stepsOf(scenario);
    for (const [index, step] of steps.entries()) {
      if (!IS_HEAVY && index % 3 !== 0) continue;
      const at = `${index}, ${step}`;
      await prepare(scenario);
      let count = -1;
      let isOvertaken = false;
      await act(scenario, "sleeper", async () => {
        count += 1;
        if (count !== index) return;
        // Its lease has expired: nobody can tell it from a dead one.
        world.kill("sleeper");
        isOvertaken = world.leaseHolder === "sleeper";
        await fakeEnvironment(world, "other").deploy(requestFor("new"));
      });
      // One that had no lease yet, or none any more, is just the next one.
      if (isOvertaken) expect([at, liveLabel(world)]).toEqual([at, "new"]);
      expect([at, world.brokenRules, brokenAtRest(world)]).toEqual([at, [], []]);
    }
  });
});

test("the rules are no decoration: a controller that breaks them is noticed", async () => {
  await fakeEnvironment(world, "one").deploy(requestFor("a"));
  const target = world.target("vandal");
  await target.endSlot({ epoch: world.epoch, slot: "blue", deploymentId: world.route.live?.deploymentId ?? "" });
  expect(world.brokenRules).toEqual([
    expect.stringContaining("live release was ended"),
    expect.stringContaining("does not run it"),
  ]);
  await target.takeLease({ deploymentId: "x", who: "vandal", runId: "" });
  expect(brokenAtRest(world)).toContainEqual(expect.stringContaining("vandal still holds the lease"));
  const [record] = recordsOf(world);
  expect(record === undefined ? "" : stateOf(record)).toBe("succeeded");
});
