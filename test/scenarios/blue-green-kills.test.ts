import { spawn } from "node:child_process";
import { once } from "node:events";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { Transition } from "../../greenlight/src/deployment/environment.ts";
import { steadyLoad } from "../../greenlight/src/deployment/testing/steady-load.ts";
import { EnvironmentRig } from "./testing/environment-rig.ts";
import { longestSilence } from "./testing/longest-silence.ts";
import { processesOf } from "./testing/processes.ts";
import { tearUnsynced } from "./testing/tear-unsynced.ts";

const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] !== undefined;

describe("blue-green, interrupted and killed", () => {
  let rig: EnvironmentRig;

  beforeEach(async () => {
    rig = await EnvironmentRig.start();
  });
  afterEach(() => rig.dispose());

  const interruptedStates: readonly Transition["state"][] = IS_HEAVY
    ? ["preflight", "starting-green", "health", "switching", "baking", "draining", "warm-blue"]
    : ["starting-green", "baking"];
  test.runIf(IS_HEAVY).each(interruptedStates)(
    "Ctrl-C in %s leaves no second slot, and nothing at all of a first deployment",
    async (at) => {
      for (const isFirst of [true, false]) {
        if (!isFirst) await rig.deploy("before");
        const abort = new AbortController();
        const outcome = await rig.deploy("after", {
          signal: abort.signal,
          onTransition: ({ state }) => {
            if (state === at) abort.abort();
          },
        });
        expect([isFirst, outcome.kind]).toEqual([isFirst, "cancelled"]);
        const { live, slots } = await rig.environment.observe();
        expect([isFirst, slots.length]).toEqual([isFirst, live === null ? 0 : 1]);
        if (live === null) expect(processesOf(rig.folder)).toEqual([]);
        if (!isFirst) expect(await rig.served()).not.toBeNull();
        await rig.environment.stop();
      }
    },
  );

  const killAfter = Array.from({ length: 24 }, (_, index) => index + 1);
  const tearAfter = killAfter.filter((n) => n % 3 === 0);
  test
    .runIf(IS_HEAVY)
    .each([
      ...killAfter.map((n) => [n, "", false] as const),
      ...tearAfter.map((n) => [n, ", where only what had reached the disk is left,", true] as const),
    ])("kill -9 of the controller after record %i%s is set right by the next deployment", async (n, _left, isTorn) => {
    await rig.deploy("before");
    const endLoad = steadyLoad(rig.port, 5);
    const controller = spawn(process.execPath, rig.doomedController("killed", n), { stdio: "ignore" });
    await once(controller, "exit");
    if (isTorn) await tearUnsynced(rig.folder);
    expect(await rig.served()).not.toBeNull();
    const outcome = await rig.deploy("next");
    expect(outcome.kind).toBe("deployed");
    expect((await endLoad()).failures).toEqual([]);
    // Keeper, router, what is live, and what is kept for a rollback.
    const { slots } = await rig.environment.observe();
    expect(slots.map(({ warmUntil }) => warmUntil === null).toSorted()).toEqual([false, true]);
    expect(processesOf(rig.folder)).toHaveLength(4);
    const states = (await rig.environment.history(5)).map(({ transitions }) => transitions.at(-1)?.state);
    expect(states.filter((state) => state !== "succeeded" && state !== "aborted")).toEqual([]);
  });

  // How long production is silent is for `bench/recovery` to say: a machine under load may take its time.
  const killCount = 20;
  test.runIf(IS_HEAVY)(
    `production comes back by itself each time its service is killed, ${killCount} times`,
    async () => {
      await rig.deploy("a");
      await longestSilence(rig, "service", killCount);
      expect((await rig.environment.observe()).slots[0]).toMatchObject({ restartCount: killCount });
    },
  );

  test.runIf(IS_HEAVY)(`it does, with its route, each time the router is killed, ${killCount} times`, async () => {
    await rig.deploy("a");
    const { live, slots } = await rig.environment.observe();
    await longestSilence(rig, "router", killCount);
    const after = await rig.environment.observe();
    expect(after.live).toEqual(live);
    expect(after.slots[0]?.pid).toBe(slots[0]?.pid);
  });

  test.runIf(IS_HEAVY)(
    `nobody notices when the keeper is killed ${killCount} times, nor a deployment right after`,
    async () => {
      await rig.deploy("a");
      const endLoad = steadyLoad(rig.port, 5);
      await longestSilence(rig, "keeper", killCount);
      process.kill((await rig.environment.observe()).keeper?.pid ?? 0, "SIGKILL");
      expect((await rig.deploy("b")).kind).toBe("deployed");
      expect((await endLoad()).failures).toEqual([]);
      expect((await rig.environment.observe()).status).toBe("running");
    },
  );
});
