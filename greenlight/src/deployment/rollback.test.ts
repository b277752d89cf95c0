import { beforeEach, describe, expect, test } from "vitest";

import { stateOf, type Deployment } from "./deployment.ts";
import type { DeployOutcome } from "./environment.ts";
import {
  brokenOrOpen,
  fakeEnvironment,
  liveLabel,
  misbehave,
  slotLabels,
  statesOf,
} from "./testing/fake-environment.ts";
import { FakeWorld } from "./testing/fake-world.ts";
import { requestFor } from "./testing/requests.ts";

type RequestOptions = Parameters<typeof requestFor>[1];

let world: FakeWorld;
beforeEach(() => {
  world = new FakeWorld();
});

const deploy = (label: string, options?: RequestOptions): Promise<DeployOutcome> =>
  fakeEnvironment(world).deploy(requestFor(label, options));
const goBackTo = (label: string, options?: RequestOptions): Promise<DeployOutcome> =>
  fakeEnvironment(world, "rollback").deploy({
    ...requestFor(label, options),
    kind: "rollback",
    who: "ann",
    why: "it is wrong",
  });

describe("a rollback of a finished deployment", () => {
  test("is one switch to the release that still runs, and is told in the history with who and why", async () => {
    const first = await deploy("a");
    await deploy("b");
    const startedBefore = world.startCount;
    const begunAt = world.now;
    let switchedAt = 0;
    const outcome = await goBackTo("a", {
      onTransition: ({ state }) => {
        if (state === "baking") switchedAt = world.now;
      },
    });
    expect(outcome).toMatchObject({
      kind: "deployed",
      deployment: { kind: "rollback", who: "ann", why: "it is wrong" },
    });
    expect(statesOf(outcome)).toEqual([
      "queued",
      "locked",
      "preflight",
      "health",
      "smoke",
      "switching",
      "baking",
      "draining",
      "retiring",
      "succeeded",
    ]);
    expect(world.startCount).toBe(startedBefore);
    expect(switchedAt - begunAt).toBeLessThan(1000);
    // The route leads to the deployment that it always was; what was taken back is gone.
    expect(world.route.live?.deploymentId).toBe(first.deployment.id);
    expect([liveLabel(world), slotLabels(world), world.slots.blue?.warmUntil]).toEqual(["a", ["a"], null]);
    expect(await fakeEnvironment(world).history(1)).toMatchObject([
      { kind: "rollback", previousReleaseId: requestFor("b").releaseId },
    ]);
    expect((await deploy("a")).kind).toBe("already");
    expect(brokenOrOpen(world)).toEqual([]);
  });

  test("starts the release anew when it runs no more, through the same states", async () => {
    await deploy("a");
    await deploy("b");
    await deploy("c");
    const outcome = await goBackTo("a");
    expect(outcome.kind).toBe("deployed");
    expect(statesOf(outcome)).toContain("starting-green");
    expect(statesOf(outcome).slice(-4)).toEqual(["baking", "draining", "retiring", "succeeded"]);
    expect([liveLabel(world), slotLabels(world)]).toEqual(["a", ["a"]]);
    expect(brokenOrOpen(world)).toEqual([]);
  });

  test.each(["never-ready", "wrong-version", "unhealthy"] as const)(
    "to a release that has become %s meanwhile tries to start it anew, and leaves the traffic where it is when that fails",
    async (behaviour) => {
      await deploy("a");
      await deploy("b");
      misbehave(world, "a", behaviour);
      const outcome = await goBackTo("a");
      expect(outcome.kind).toBe("aborted");
      expect(statesOf(outcome)).toContain("starting-green");
      expect([liveLabel(world), slotLabels(world)]).toEqual(["b", ["b"]]);
      expect(brokenOrOpen(world)).toEqual([]);
    },
  );

  test("to a release that does not answer in production needs a person, and ends nothing", async () => {
    await deploy("a");
    await deploy("b");
    misbehave(world, "a", "fails-in-production");
    const outcome = await goBackTo("a");
    expect(outcome).toMatchObject({ kind: "needs-human", problems: [{ code: "DEPLOYMENT_NEEDS_HUMAN" }] });
    expect(outcome.problems[0]?.message).toContain(`${requestFor("b").releaseId} still runs beside it`);
    expect([liveLabel(world), slotLabels(world)]).toEqual(["a", ["a", "b"]]);
    // And back again by hand: what was bad before runs still.
    expect((await goBackTo("b")).kind).toBe("deployed");
    expect(liveLabel(world)).toBe("b");
    expect(brokenOrOpen(world)).toEqual([]);
  });

  test("that was ended by its keeper a moment before is started anew", async () => {
    await deploy("a");
    await deploy("b");
    world.failing.set("keepSlot", 1);
    const outcome = await goBackTo("a");
    expect(outcome.kind).toBe("deployed");
    expect(statesOf(outcome)).toContain("starting-green");
    expect(brokenOrOpen(world)).toEqual([]);
  });

  test("that is cancelled before the switch leaves the old release kept as it was", async () => {
    await deploy("a");
    await deploy("b");
    const abort = new AbortController();
    const outcome = await goBackTo("a", {
      signal: abort.signal,
      onTransition: ({ state }) => {
        if (state === "health") abort.abort();
      },
    });
    expect(outcome.kind).toBe("cancelled");
    expect([liveLabel(world), slotLabels(world)]).toEqual(["b", ["a", "b"]]);
    expect(world.slots.blue?.warmUntil).not.toBeNull();
    expect(brokenOrOpen(world)).toEqual([]);
  });

  test("that is cancelled after the switch is finished all the same: nobody wants the bad release back", async () => {
    await deploy("a");
    await deploy("b");
    const abort = new AbortController();
    const outcome = await goBackTo("a", {
      signal: abort.signal,
      onTransition: ({ state }) => {
        if (state === "baking") abort.abort();
      },
    });
    expect(stateOf(outcome.deployment as Deployment)).toBe("succeeded");
    expect([liveLabel(world), slotLabels(world)]).toEqual(["a", ["a"]]);
    expect(brokenOrOpen(world)).toEqual([]);
  });
});

test("a rollback has the router listen where the definition wants it before it is looked whether it does", async () => {
  await deploy("a");
  await deploy("b");
  world.isRouterUp = false;
  expect(await goBackTo("a")).toMatchObject({ kind: "deployed" });
  expect([liveLabel(world), world.isRouterUp]).toEqual(["a", true]);
  expect(brokenOrOpen(world)).toEqual([]);
});

describe("a rollback while a deployment is under way", () => {
  test.each(["health", "baking", "draining"] as const)(
    "in %s does not wait for it, and whoever deploys is told who went back and why",
    async (at) => {
      await deploy("a");
      let back: Promise<DeployOutcome> | undefined;
      const outcome = await deploy("b", {
        onTransition: ({ state }) => {
          if (state === at) back ??= goBackTo("a");
        },
      });
      expect((await back)?.kind).toMatch(/^(deployed|already)$/);
      expect(liveLabel(world)).toBe("a");
      expect(outcome.kind).toBe("aborted");
      expect(outcome.problems[0]).toMatchObject({
        place: "fake",
        message: expect.stringContaining("ann goes back to"),
      });
      expect(brokenOrOpen(world)).toEqual([]);
    },
  );
});

describe("a deployment that waits for a person", () => {
  test("holds nobody up: a newer one ends it, and who waits is told by whom", async () => {
    await deploy("a");
    let newer: Promise<DeployOutcome> | undefined;
    const older = await deploy("b", {
      ask: (question) => {
        newer = fakeEnvironment(world, "two").deploy({ ...requestFor("c"), who: "bob" });
        return listen(question);
      },
    });
    expect((await newer)?.kind).toBe("deployed");
    expect(older).toMatchObject({ kind: "aborted", problems: [{ code: "DEPLOYMENT_SUPERSEDED" }] });
    expect(older.why).toContain(`${requestFor("c").releaseId} by bob`);
    expect(liveLabel(world)).toBe("c");
    expect(brokenOrOpen(world)).toEqual([]);
  });

  test("is let go by a stop", async () => {
    await deploy("a");
    let stopped: Promise<unknown> | undefined;
    const outcome = await deploy("b", {
      ask: (question) => {
        stopped = fakeEnvironment(world, "two").stop();
        return listen(question);
      },
    });
    await stopped;
    expect(outcome).toMatchObject({ kind: "aborted", why: expect.stringContaining("the environment was stopped") });
    expect(brokenOrOpen(world)).toEqual([]);
  });

  test("twice for the same release goes on once, whoever is quicker, when it is approved", async () => {
    await deploy("a");
    let second: Promise<DeployOutcome> | undefined;
    const first = await deploy("b", {
      ask: async (question) => {
        second = fakeEnvironment(world, "two").deploy(requestFor("b", { ask: listen }));
        setTimeout(() => void fakeEnvironment(world, "three").answer(question.deploymentId, GRANT), 50);
        return listen(question);
      },
    });
    const kinds = [first.kind, (await second)?.kind].toSorted();
    expect(kinds).toEqual(["aborted", "deployed"]);
    expect(liveLabel(world)).toBe("b");
    expect(brokenOrOpen(world)).toEqual([]);
  });
});

/** Nobody sits here; somebody answers from another process. */
const listen: NonNullable<NonNullable<RequestOptions>["ask"]> = ({ answeredElsewhere }) =>
  answeredElsewhere(new AbortController().signal);
const GRANT = { answer: "granted", by: "ann", why: "good", how: "command" } as const;
