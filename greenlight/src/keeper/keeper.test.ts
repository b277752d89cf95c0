import { once } from "node:events";
import { chmod, constants, copyFile, mkdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { isSameProcess } from "../base/process-identity.ts";
import { environmentFolder } from "./environment-folder.ts";
import { freePort } from "./free-port.ts";
import { spawnKeeper } from "./spawn-keeper.ts";
import { KeeperRig } from "./testing/keeper-rig.ts";

const POLL = { timeout: 8000, interval: 10 } as const;

describe("a keeper", () => {
  let rig: KeeperRig;
  beforeEach(async () => {
    rig = await KeeperRig.start();
  });
  afterEach(() => rig.clean());

  test("that is killed comes back and takes over what runs, as it runs", async () => {
    const routerPort = await freePort();
    await rig.call("PUT /router", { epoch: 1, host: "127.0.0.1", port: routerPort });
    await rig.slot("blue", rig.order("d1"));
    const before = await rig.state();
    process.kill(before.pid, "SIGKILL");
    await expect.poll(async () => (await rig.keeper()).pid, POLL).not.toBe(before.pid);
    const after = await rig.state();
    expect([after.router?.pid, after.slots.blue?.pid]).toEqual([before.router?.pid, before.slots.blue?.pid]);
    // What it took over it keeps up like its own.
    process.kill(after.slots.blue?.pid ?? 0, "SIGKILL");
    await expect.poll(async () => (await rig.state()).slots.blue?.restartCount, POLL).toBe(1);
    await expect.poll(() => rig.readyAt(after.slots.blue?.port ?? 0), POLL).toBe("release-d1");
  });

  test("brings a killed router back with its route", async () => {
    const routerPort = await freePort();
    await rig.call("PUT /router", { epoch: 1, host: "127.0.0.1", port: routerPort });
    const port = await rig.slot("blue", rig.order("d1"));
    const upstream = {
      deploymentId: "d1",
      releaseId: "release-d1",
      digest: "x",
      slot: "blue",
      host: "127.0.0.1",
      port,
    };
    const swap = { expected: { deploymentId: null, epoch: 0 }, next: { schema: 1, epoch: 1, upstream } };
    expect((await rig.routerCall("PUT /route", swap)).status).toBe(200);
    const { pid } = await rig.router();
    process.kill(pid, "SIGKILL");
    await expect.poll(() => rig.readyAt(routerPort), POLL).toBe("release-d1");
    expect((await rig.router()).pid).not.toBe(pid);
    expect((await rig.routerCall("GET /status")).body.route).toEqual(swap.next);
  });

  test("is the only one of its folder", async () => {
    const first = await rig.keeper();
    const second = rig.identity(spawnKeeper(rig.folder) ?? 0);
    await expect.poll(() => isSameProcess(second), POLL).toBe(false);
    expect(await rig.keeper()).toEqual(first);
  });

  test("obeys no controller that was superseded", async () => {
    expect((await rig.call("PUT /epoch", { epoch: 5 })).status).toBe(200);
    const late = await rig.call("PUT /slots/blue", { epoch: 4, order: rig.order("late") });
    expect([late.status, late.text]).toEqual([409, expect.stringContaining("stale-epoch")]);
    expect((await rig.state()).slots.blue).toBeNull();
  });

  test("tells a taken router port from other failures, and does not keep trying it", async () => {
    const stranger = createServer().listen(0, "127.0.0.1");
    await once(stranger, "listening");
    const { port } = stranger.address() as { port: number };
    try {
      const reply = await rig.call("PUT /router", { epoch: 1, host: "127.0.0.1", port });
      expect([reply.status, reply.text]).toEqual([409, expect.stringContaining("port-taken")]);
      expect((await rig.state()).router).toBeNull();
    } finally {
      stranger.close();
    }
  });

  test("ends all and itself on stop, and does not come back", async () => {
    await rig.call("PUT /router", { epoch: 1, host: "127.0.0.1", port: await freePort() });
    await rig.slot("blue", rig.order("d1"));
    await rig.slot("green", rig.order("d2"));
    const { pid, router, slots } = await rig.state();
    const all = [pid, router?.pid, slots.blue?.pid, slots.green?.pid].map((each) => rig.identity(each ?? 0));
    const reply = await rig.call("POST /stop", { epoch: 1, graceMs: 2000 });
    expect((JSON.parse(reply.text) as { endedPids: number[] }).endedPids).toHaveLength(3);
    await expect.poll(() => all.filter(isSameProcess), POLL).toEqual([]);
    const late = rig.identity(spawnKeeper(rig.folder) ?? 0);
    await expect.poll(() => isSameProcess(late), POLL).toBe(false);
    expect(JSON.parse(await readFile(environmentFolder(rig.folder).desired, "utf8"))).toMatchObject({
      isStopped: true,
    });
  });

  test.skipIf(process.platform === "win32")(
    "ends a process that its predecessor did not live to write down",
    async () => {
      const program = join(rig.folder, "releases", "x", "node");
      await mkdir(join(rig.folder, "releases", "x"), { recursive: true });
      await copyFile(process.execPath, program, constants.COPYFILE_FICLONE);
      await chmod(program, 0o755);
      const port = await rig.slot("blue", rig.order("d1", { command: program }));
      const before = await rig.state();
      const stray = rig.identity(before.slots.blue?.pid ?? 0);
      process.kill(before.pid, "SIGKILL");
      await rm(environmentFolder(rig.folder).processRecord("blue"));
      spawnKeeper(rig.folder);
      await expect.poll(async () => (await rig.keeper()).pid, POLL).not.toBe(before.pid);
      await expect.poll(() => rig.readyAt(port), POLL).toBe("release-d1");
      await expect.poll(() => isSameProcess(stray), POLL).toBe(false);
    },
  );
});
