import { spawn } from "node:child_process";
import { once } from "node:events";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { systemClock } from "../../greenlight/src/base/system-clock.ts";
import type { Transition } from "../../greenlight/src/deployment/environment.ts";
import { steadyLoad } from "../../greenlight/src/deployment/testing/steady-load.ts";
import { EnvironmentRig } from "./testing/environment-rig.ts";
import { processesOf } from "./testing/processes.ts";

const POLL = { timeout: 15_000, interval: 20 } as const;
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

  const killAfter = IS_HEAVY ? Array.from({ length: 24 }, (_, index) => index + 1) : [9];
  test.runIf(IS_HEAVY).each(killAfter)(
    "kill -9 of the controller after record %i is set right by the next deployment",
    async (n) => {
      await rig.deploy("before");
      const endLoad = steadyLoad(rig.port, 5);
      const controller = spawn(process.execPath, rig.doomedController("killed", n), { stdio: "ignore" });
      await once(controller, "exit");
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
    },
  );

  const killCount = IS_HEAVY ? 20 : 3;
  test.runIf(IS_HEAVY)(
    `production is back within two seconds when the service is killed ${killCount} times`,
    async () => {
      await rig.deploy("a");
      const gapMs = await longestGap(rig, killCount, async () => (await rig.environment.observe()).slots[0]?.pid);
      console.log(`longest gap over ${killCount} kills of the service: ${gapMs.toFixed(0)} ms`);
      expect(gapMs).toBeLessThan(2000);
      expect((await rig.environment.observe()).slots[0]).toMatchObject({ restartCount: killCount });
    },
  );

  test.runIf(IS_HEAVY)(
    `production is back within two seconds when the router is killed ${killCount} times, route intact`,
    async () => {
      await rig.deploy("a");
      const { live } = await rig.environment.observe();
      const gapMs = await longestGap(rig, killCount, async () => (await rig.environment.observe()).router?.pid);
      console.log(`longest gap over ${killCount} kills of the router: ${gapMs.toFixed(0)} ms`);
      expect(gapMs).toBeLessThan(2000);
      expect((await rig.environment.observe()).live).toEqual(live);
    },
  );

  test.runIf(IS_HEAVY)(
    `nobody notices when the keeper is killed ${killCount} times, nor a deployment right after`,
    async () => {
      await rig.deploy("a");
      const endLoad = steadyLoad(rig.port, 5);
      const gapMs = await longestGap(rig, killCount, async () => (await rig.environment.observe()).keeper?.pid);
      expect(gapMs).toBeLessThan(500);
      process.kill((await rig.environment.observe()).keeper?.pid ?? 0, "SIGKILL");
      expect((await rig.deploy("b")).kind).toBe("deployed");
      expect((await endLoad()).failures).toEqual([]);
      expect((await rig.environment.observe()).status).toBe("running");
    },
  );
});

/** Kills what `victim` names, again and again, while production is probed; answers the longest silence in ms. */
async function longestGap(
  rig: EnvironmentRig,
  killCount: number,
  victim: () => Promise<number | null | undefined>,
): Promise<number> {
  let lastGoodAt = performance.now();
  let longestMs = 0;
  const over = new AbortController();
  const probe = async (): Promise<void> => {
    if ((await rig.served()) === null) return;
    longestMs = Math.max(longestMs, performance.now() - lastGoodAt);
    lastGoodAt = performance.now();
  };
  const prober = (async () => {
    while (!over.signal.aborted) {
      void probe();
      await systemClock.sleep(20);
    }
  })();
  for (let kill = 0; kill < killCount; kill += 1) {
    const pid = await victim();
    if (typeof pid !== "number") throw new Error("nothing to kill");
    process.kill(pid, "SIGKILL");
    await expect
      .poll(async () => {
        const next = await victim();
        return typeof next === "number" && next !== pid && (await rig.served()) !== null;
      }, POLL)
      .toBe(true);
  }
  over.abort();
  await prober;
  return Math.max(longestMs, performance.now() - lastGoodAt);
}
