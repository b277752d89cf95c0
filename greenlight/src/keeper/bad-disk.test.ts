import { spawnSync } from "node:child_process";
import { appendFile, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { isSameProcess } from "../base/process-identity.ts";
import { mountSmallDisk, whyNoDisk, type SmallDisk } from "../engine/testing/small-disk.ts";
import { environmentFolder, type EnvironmentFolder } from "./environment-folder.ts";
import { freePort } from "./free-port.ts";
import { KeeperRig } from "./testing/keeper-rig.ts";

const POLL = { timeout: 15_000, interval: 20 } as const;
const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] !== undefined;
const ROUND_COUNT = IS_HEAVY ? 7 : 1;
const DISK_BYTES = 8 * 1024 * 1024;

let rig: KeeperRig;
let paths: EnvironmentFolder;
let port: number;

/** A router and a slot that has its traffic. */
async function serve(): Promise<void> {
  paths = environmentFolder(rig.folder);
  port = await freePort();
  await rig.call("PUT /router", { epoch: 1, host: "127.0.0.1", port });
  const slotPort = await rig.slot("blue", rig.order("d1"));
  const release = { deploymentId: "d1", releaseId: "release-d1", digest: "x", slot: "blue" };
  const next = { schema: 1, epoch: 1, upstream: { ...release, host: "127.0.0.1", port: slotPort } };
  await rig.routerCall("PUT /route", { expected: { deploymentId: null, epoch: 0 }, next });
}

async function all() {
  const { pid, router, slots } = await rig.state();
  const [keeper, front, slot] = [pid, router?.pid, slots.blue?.pid].map((each) => rig.identity(each ?? 0));
  if (keeper === undefined || front === undefined || slot === undefined) throw new Error("not all of it runs");
  return { keeper, router: front, slot };
}

const noDisk = whyNoDisk();
describe.skipIf(noDisk !== "")(`on a disk that fails${noDisk}`, () => {
  let disk: SmallDisk;
  let before: string | undefined;
  let isReadOnly: boolean;

  beforeEach(async () => {
    const mounted = mountSmallDisk(DISK_BYTES);
    if (mounted === null) throw new Error("no disk");
    disk = mounted;
    isReadOnly = false;
    before = process.env["TMPDIR"];
    process.env["TMPDIR"] = disk.path;
    rig = await KeeperRig.start();
    await serve();
  });
  afterEach(async () => {
    if (before === undefined) delete process.env["TMPDIR"];
    else process.env["TMPDIR"] = before;
    await mend();
    await rig.clean();
    disk.unmount();
  });

  const harm: readonly (readonly [string, () => Promise<void>])[] = [
    ["that is full", () => fill(join(disk.path, "filler"))],
    ["that may only be read", async () => makeReadOnly()],
  ];

  /** Also while files of it are open for writing, which keeps a disk from being remounted. */
  function makeReadOnly(): void {
    expect(spawnSync("mount", ["--bind", disk.path, disk.path]).status).toBe(0);
    isReadOnly = true;
    expect(spawnSync("mount", ["-o", "remount,bind,ro", disk.path]).status).toBe(0);
  }

  async function mend(): Promise<void> {
    if (isReadOnly) spawnSync("umount", ["--lazy", disk.path]);
    isReadOnly = false;
    await rm(join(disk.path, "filler"), { force: true });
  }

  test.each(harm)("%s, slot and router come back when they are killed, route intact", async (_name, spoil) => {
    await spoil();
    for (let round = 0; round < ROUND_COUNT; round += 1) {
      const { slot, router } = await all();
      process.kill(slot.pid, "SIGKILL");
      await expect.poll(async () => (await rig.state()).slots.blue?.restartCount, POLL).toBe(round + 1);
      await expect.poll(() => rig.readyAt(port), POLL).toBe("release-d1");
      process.kill(router.pid, "SIGKILL");
      await expect.poll(() => isSameProcess(router)).toBe(false);
      await expect.poll(() => rig.readyAt(port), POLL).toBe("release-d1");
    }
  });

  test.each(harm)("%s, orders are refused with the reason, and nothing of it is half done", async (_name, spoil) => {
    await spoil();
    const reply = await rig.call("PUT /slots/green", { epoch: 1, order: rig.order("d2") });
    expect([reply.status, JSON.parse(reply.text)]).toMatchObject([409, { code: "unwritable" }]);
    expect(reply.text).toMatch(/ENOSPC|EROFS/u);
    const stop = await rig.call("POST /stop", { epoch: 1, graceMs: 100 });
    expect(stop.text).toContain("unwritable");
    expect((await rig.state()).slots).toMatchObject({ green: null, blue: { deploymentId: "d1" } });
    expect(await rig.readyAt(port)).toBe("release-d1");
  });

  test.runIf(IS_HEAVY).each(harm)(
    "%s, a killed keeper is missed by nobody, and back when the disk is",
    async (_name, spoil) => {
      await spoil();
      const { keeper, slot, router } = await all();
      process.kill(keeper.pid, "SIGKILL");
      await expect.poll(() => isSameProcess(keeper)).toBe(false);
      for (let count = 0; count < 20; count += 1) expect(await rig.readyAt(port)).toBe("release-d1");
      await mend();
      const after = await rig.keeper();
      expect(after.pid).not.toBe(keeper.pid);
      const state = await rig.state();
      expect([state.router?.pid, state.slots.blue?.pid]).toEqual([router.pid, slot.pid]);
    },
  );
});

describe("a keeper whose desired state", () => {
  beforeEach(async () => {
    rig = await KeeperRig.start();
    await serve();
  });
  afterEach(() => rig.clean());

  const flaws: readonly (readonly [string, (path: string) => Promise<void>])[] = [
    ["is torn", async (path) => writeFile(path, (await readFile(path, "utf8")).slice(0, 100))],
    ["is empty", (path) => writeFile(path, "")],
    ["is of another version", (path) => writeFile(path, JSON.stringify({ schema: 2 }))],
    ["is gone", (path) => rm(path)],
  ];

  test.each(IS_HEAVY ? flaws : flaws.slice(0, 1))(
    "%s goes by its copy, and mends it with the next order",
    async (_name, spoil) => {
      const { keeper, router, slot } = await all();
      await spoil(paths.desired);
      process.kill(keeper.pid, "SIGKILL");
      await expect.poll(async () => (await rig.keeper()).pid, POLL).not.toBe(keeper.pid);
      const after = await all();
      expect([after.router, after.slot]).toEqual([router, slot]);
      await rig.call("PUT /epoch", { epoch: 2 });
      expect(JSON.parse(await readFile(paths.desired, "utf8"))).toMatchObject({
        epoch: 2,
        slots: { blue: { deploymentId: "d1" } },
      });
    },
  );

  test("can't be read at all keeps nothing, says so, and ends nothing", async () => {
    const { keeper, router, slot } = await all();
    for (const path of [paths.desired, `${paths.desired}.copy`]) await writeFile(path, "{ torn");
    process.kill(keeper.pid, "SIGKILL");
    await expect.poll(() => readFile(paths.log("keeper"), "utf8"), POLL).toContain("STORE_UNREADABLE");
    expect([isSameProcess(router), isSameProcess(slot)]).toEqual([true, true]);
    expect(await rig.readyAt(port)).toBe("release-d1");
  });
});

describe("a process record", () => {
  beforeEach(async () => {
    rig = await KeeperRig.start();
    await serve();
  });
  afterEach(() => rig.clean());

  test("of a pid that was given to another process meanwhile makes nobody adopt or end that one", async () => {
    const { keeper, slot } = await all();
    const path = paths.processRecord("blue");
    const record = JSON.parse(await readFile(path, "utf8")) as object;
    process.kill(keeper.pid, "SIGKILL");
    process.kill(slot.pid, "SIGKILL");
    // This very process, as if it had the pid of the slot now.
    await writeFile(path, JSON.stringify({ ...record, pid: process.pid }));
    await expect.poll(async () => (await rig.state()).slots.blue?.pid ?? null, POLL).not.toBeNull();
    const after = await rig.state();
    expect([process.pid, slot.pid]).not.toContain(after.slots.blue?.pid);
    await expect.poll(() => rig.readyAt(port), POLL).toBe("release-d1");
    await rig.call("DELETE /slots/blue", { epoch: 1, deploymentId: "d1", graceMs: 100 });
  });

  test("that is torn makes the keeper start the service anew, and end the one that it can't name", async () => {
    const { keeper, slot } = await all();
    await writeFile(paths.processRecord("blue"), "{ torn");
    process.kill(keeper.pid, "SIGKILL");
    await expect.poll(async () => (await rig.keeper()).pid, POLL).not.toBe(keeper.pid);
    await expect.poll(() => isSameProcess(slot), POLL).toBe(false);
    await expect.poll(() => rig.readyAt(port), POLL).toBe("release-d1");
  });
});

async function fill(file: string): Promise<void> {
  await writeFile(file, "");
  for (const size of [65_536, 4096, 1]) {
    for (let isFull = false; !isFull;) {
      const { size: before } = await stat(file);
      await appendFile(file, Buffer.alloc(size)).catch(() => {});
      isFull = (await stat(file)).size === before;
      if (size === 1) return;
    }
  }
}
