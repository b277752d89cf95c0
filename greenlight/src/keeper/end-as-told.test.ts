import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { readJson } from "../base/durable-file.ts";
import { isSameProcess } from "../base/process-identity.ts";
import { environmentFolder } from "./environment-folder.ts";
import { freePort } from "./free-port.ts";
import { strayKeepers, strayProcesses } from "./stray-processes.ts";
import { KeeperRig } from "./testing/keeper-rig.ts";
import { parseDesiredState } from "./wire.ts";

const POLL = { timeout: 20_000, interval: 20 } as const;

describe("TERM", () => {
  let rig: KeeperRig;
  let port: number;
  beforeEach(async () => {
    rig = await KeeperRig.start();
    port = await freePort();
    await rig.call("PUT /router", { epoch: 1, host: "127.0.0.1", port });
    const slotPort = await rig.slot("blue", rig.order("d1"));
    const release = { deploymentId: "d1", releaseId: "release-d1", digest: "x", slot: "blue" };
    const next = { schema: 1, epoch: 1, upstream: { ...release, host: "127.0.0.1", port: slotPort } };
    const swap = { expected: { deploymentId: null, epoch: 0 }, next };
    const reply = await rig.routerCall("PUT /route", swap);
    if (reply.status !== 200) throw new Error(JSON.stringify(reply.body));
  });
  afterEach(() => rig.clean());

  async function all(): Promise<{ keeper: number; router: number; slot: number }> {
    const { pid, router, slots } = await rig.state();
    return { keeper: pid, router: router?.pid ?? 0, slot: slots.blue?.pid ?? 0 };
  }

  test("to all at once, as a shutdown sends it, ends all, and a later keeper starts all again", async () => {
    const pids = Object.values(await all());
    const running = pids.map((pid) => rig.identity(pid));
    for (const pid of pids) process.kill(pid, "SIGTERM");
    await expect.poll(() => running.filter(isSameProcess), POLL).toEqual([]);
    expect([...strayKeepers(rig.folder), ...strayProcesses(rig.folder, new Set())]).toEqual([]);
    const desired = await readJson(environmentFolder(rig.folder).desired, parseDesiredState);
    expect(desired).toMatchObject({ ok: true, value: { isStopped: false } });
    rig.startKeeper();
    await expect.poll(() => rig.readyAt(port), POLL).toBe("release-d1");
  });

  test("to the keeper alone leaves what serves as it is, under another keeper", async () => {
    const before = await all();
    process.kill(before.keeper, "SIGTERM");
    await expect.poll(async () => (await rig.keeper()).pid, POLL).not.toBe(before.keeper);
    const after = await all();
    expect([after.router, after.slot]).toEqual([before.router, before.slot]);
    expect(await rig.readyAt(port)).toBe("release-d1");
  });

  test("to the router alone brings another router", async () => {
    const before = await all();
    process.kill(before.router, "SIGTERM");
    await expect.poll(async () => (await all()).router, POLL).not.toBe(before.router);
    await expect.poll(() => rig.readyAt(port), POLL).toBe("release-d1");
    const after = await all();
    expect([after.keeper, after.slot]).toEqual([before.keeper, before.slot]);
  });
});
