import { beforeEach, describe, expect, test } from "vitest";

import type { DeployRequest, Environment, Rehearsal } from "../environment.ts";
import { fakeEnvironment } from "../testing/fake-environment.ts";
import { FakeWorld } from "../testing/fake-world.ts";
import { requestFor } from "../testing/requests.ts";

let world: FakeWorld;
let steps: string[];

beforeEach(() => {
  world = new FakeWorld();
  steps = [];
});

function environment(): Environment {
  return fakeEnvironment(world, "one", (step) => void steps.push(step));
}

/** Everything there is of the world; a rehearsal must not change any of it. */
function worldAsText(): string {
  const { now, isStopped, isKnown, isKeeperUp, epoch, route, slots, leaseHolder } = world;
  const records = [...world.records, ...world.answers, ...world.installed];
  return JSON.stringify({ now, isStopped, isKnown, isKeeperUp, epoch, route, slots, leaseHolder, records });
}

async function rehearse(request: DeployRequest): Promise<Rehearsal> {
  const before = worldAsText();
  steps = [];
  const rehearsal = await environment().rehearse(request);
  expect([steps, worldAsText()]).toEqual([[], before]);
  return rehearsal;
}

const told = ({ actions }: Rehearsal): string[] =>
  actions.map(({ kind, what, count }) => (kind === "look" ? `${what} ×${count}` : what));

/** What the world was really told to do, as effects; reads don't count. */
const doneSteps = (): string[] => steps.filter((step) => step.startsWith("before ") && !step.includes("write"));

describe("a rehearsal touches nothing, and shows what", () => {
  test("a first deployment would do", async () => {
    const rehearsal = await rehearse(requestFor("a"));
    expect(rehearsal.outcome.kind).toBe("deployed");
    expect(told(rehearsal)).toEqual([
      "take-lease",
      "locked",
      "heal",
      "preflight",
      "check-preflight",
      "starting-green",
      "install",
      "start-target",
      "start-green",
      "health",
      "green-ready ×3",
      "smoke",
      "green-health ×1",
      "switching",
      "switch-to-green",
      "baking",
      expect.stringMatching(/^production ×\d+$/),
      "draining",
      "warm-blue",
      "retiring",
      "prune",
      "succeeded",
    ]);
  });

  test("a deployment beside a live release would do, which then does the same", async () => {
    await environment().deploy(requestFor("a"));
    await environment().deploy(requestFor("b"));
    const rehearsal = await rehearse(requestFor("c"));
    steps = [];
    await environment().deploy(requestFor("c"));
    const names: Readonly<Record<string, string>> = {
      "take-lease": "takeLease",
      install: "install",
      "end-slot": "endSlot",
      "start-green": "startSlot",
      "switch-to-green": "switchRoute",
      "close-upstream": "closeUpstream",
      "keep-slot": "keepSlot",
      prune: "prune",
    };
    const expected = rehearsal.actions.flatMap(({ kind, what }) => (kind === "do" ? (names[what] ?? []) : []));
    expect(doneSteps().map((step) => step.slice("before ".length))).toEqual(expected);
    expect(rehearsal.actions.find(({ what }) => what === "switch-to-green")?.why).toContain(requestFor("c").releaseId);
  });

  test("a rollback would do: one switch, and no start", async () => {
    await environment().deploy(requestFor("a"));
    await environment().deploy(requestFor("b"));
    const rehearsal = await rehearse({ ...requestFor("a"), kind: "rollback" });
    const effects = rehearsal.actions.flatMap(({ kind, what }) => (kind === "do" ? what : []));
    expect(effects).toEqual([
      "take-lease",
      "heal",
      "keep-slot",
      "switch-to-green",
      "close-upstream",
      "end-slot",
      "prune",
    ]);
    expect(rehearsal.outcome.kind).toBe("deployed");
  });

  test("would come first: the end of what another controller has left", async () => {
    await environment().deploy(requestFor("a"));
    await environment().deploy(requestFor("b", { ask: async () => ({ kind: "waiting" }) }));
    const rehearsal = await rehearse(requestFor("c"));
    const ids = new Set(rehearsal.actions.map(({ deploymentId }) => deploymentId));
    expect(ids.size).toBe(2);
    expect(told(rehearsal)).toContain("aborted");
  });

  test("is looked at as it is: a warm release that is dead would be started anew", async () => {
    await environment().deploy(requestFor("a"));
    await environment().deploy(requestFor("b"));
    world.behaviours.set(requestFor("a").releaseId, "never-ready");
    const rehearsal = await rehearse({ ...requestFor("a"), kind: "rollback" });
    expect(told(rehearsal)).toContain("start-green");
  });

  test("a person is taken to agree, and nothing is done where all is so already", async () => {
    const rehearsal = await rehearse(requestFor("a", { ask: async () => ({ kind: "waiting" }) }));
    expect(told(rehearsal)).toContain("ask-approval");
    expect(rehearsal.outcome.kind).toBe("deployed");
    await environment().deploy(requestFor("a"));
    expect(await rehearse(requestFor("a"))).toMatchObject({ actions: [], outcome: { kind: "already" } });
  });
});
