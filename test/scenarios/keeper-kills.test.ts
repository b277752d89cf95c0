import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { isSameProcess, type ProcessIdentity } from "../../greenlight/src/base/process-identity.ts";
import { freePort } from "../../greenlight/src/keeper/free-port.ts";
import { processEntry } from "../../greenlight/src/keeper/spawn-keeper.ts";
import { KeeperRig } from "../../greenlight/src/keeper/testing/keeper-rig.ts";
import { waitUntil } from "../../greenlight/src/keeper/testing/wait-until.ts";
import type { KeeperState } from "../../greenlight/src/keeper/wire.ts";

const POLL = { timeout: 15_000, interval: 20 } as const;
const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] !== undefined;
const KILL_COUNT = IS_HEAVY ? 20 : 3;
const PROBE_EVERY_MS = 20;
describe.skipIf(process.platform === "win32")(`production, probed every ${PROBE_EVERY_MS} ms`, () => {
  let rig: KeeperRig;
  let port: number;
  let standBy: ChildProcess | null;

  beforeEach(async () => {
    standBy = null;
    rig = await KeeperRig.start();
    port = await freePort();
    await rig.call("PUT /router", { epoch: 1, host: "127.0.0.1", port });
    const upstream = {
      deploymentId: "d1",
      releaseId: "release-d1",
      digest: "x",
      slot: "blue",
      host: "127.0.0.1",
      port: await rig.slot("blue", rig.order("d1")),
    };
    const swap = { expected: { deploymentId: null, epoch: 0 }, next: { schema: 1, epoch: 1, upstream } };
    await rig.routerCall("PUT /route", swap);
    await waitUntil("an answer", () => rig.readyAt(port));
  });
  afterEach(async () => {
    if (standBy !== null) {
      standBy.kill("SIGTERM");
      await once(standBy, "exit");
    }
    await rig.clean();
  });

  /** As a unit of systemd does. */
  function startStandBy(): void {
    const program = processEntry("keeper/stand-by-main");
    standBy = spawn(process.execPath, [program, rig.folder], { stdio: "ignore", detached: true });
  }

  /** Kills what `victims` names, again and again; answers the longest silence, and what was answered wrongly. */
  async function killAll(victims: (state: KeeperState) => readonly (number | null | undefined)[]) {
    let lastGoodAt = performance.now();
    let longestMs = 0;
    const wrong: string[] = [];
    const over = new AbortController();
    // Every answer counts, also the one after which the next kill comes at once.
    const probe = async (): Promise<string | null> => {
      const answer = await rig.readyAt(port);
      if (answer === null) return null;
      if (answer !== "release-d1") wrong.push(answer);
      longestMs = Math.max(longestMs, performance.now() - lastGoodAt);
      lastGoodAt = performance.now();
      return answer;
    };
    const prober = (async () => {
      while (!over.signal.aborted) {
        void probe();
        await sleep(PROBE_EVERY_MS);
      }
    })();
    for (let kill = 0; kill < KILL_COUNT; kill += 1) {
      const pids = victims(await rig.state()).filter((pid) => typeof pid === "number");
      expect(pids.length).toBeGreaterThan(0);
      for (const pid of pids) process.kill(pid, "SIGKILL");
      await expect
        .poll(async () => {
          const now = victims(await rig.state());
          const isBack = now.every((pid) => typeof pid === "number" && !pids.includes(pid));
          return isBack && (await probe()) === "release-d1";
        }, POLL)
        .toBe(true);
    }
    over.abort();
    await prober;
    return { gapMs: Math.max(longestMs, performance.now() - lastGoodAt), wrong };
  }

  async function isUnchanged(slot: ProcessIdentity, route: unknown): Promise<boolean> {
    const { body } = await rig.routerCall("GET /status");
    expect(body.route).toEqual(route);
    return isSameProcess(slot);
  }

  test.each([
    ["router", (state: KeeperState) => [state.router?.pid], false],
    ["keeper", (state: KeeperState) => [state.pid], false],
    [
      "router with the keeper at once, the unit's command standing by,",
      (state: KeeperState) => [state.router?.pid, state.pid],
      true,
    ],
  ] as const)(
    `answers again when the %s is killed -9, ${KILL_COUNT} times; slot and route stay`,
    async (name, victims, isStandingBy) => {
      if (isStandingBy) startStandBy();
      const slot = rig.identity((await rig.state()).slots.blue?.pid ?? 0);
      const { route } = (await rig.routerCall("GET /status")).body;
      const { gapMs, wrong } = await killAll(victims);
      console.log(`longest gap over ${KILL_COUNT} kills of the ${name}: ${gapMs.toFixed(0)} ms`);
      expect(wrong).toEqual([]);
      expect(await isUnchanged(slot, route)).toBe(true);
      expect((await rig.state()).slots.blue).toMatchObject({ restartCount: 0, isCrashLooping: false });
    },
  );
});
