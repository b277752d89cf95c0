import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFile, rm, writeFile } from "node:fs/promises";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { isSameProcess } from "../base/process-identity.ts";
import { environmentFolder } from "./environment-folder.ts";
import { freePort } from "./free-port.ts";
import { processEntry } from "./spawn-keeper.ts";
import { KeeperRig } from "./testing/keeper-rig.ts";

const POLL = { timeout: 10_000, interval: 10 } as const;

describe("a process that stands by", () => {
  let rig: KeeperRig;
  let children: ChildProcess[];
  beforeEach(async () => {
    children = [];
    rig = await KeeperRig.start();
  });
  afterEach(async () => {
    for (const child of children) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    await rig.clean();
  });

  function standBy(): ChildProcess {
    const child = spawn(process.execPath, [processEntry("keeper/stand-by-main"), rig.folder], { stdio: "pipe" });
    children.push(child);
    return child;
  }

  /** A router and a slot that has its traffic; answers the ports. */
  async function serve(): Promise<{ readonly port: number; readonly slotPort: number }> {
    const port = await freePort();
    await rig.call("PUT /router", { epoch: 1, host: "127.0.0.1", port });
    const slotPort = await rig.slot("blue", rig.order("d1"));
    const release = { deploymentId: "d1", releaseId: "release-d1", digest: "x", slot: "blue" };
    const upstream = { ...release, host: "127.0.0.1", port: slotPort };
    const next = { schema: 1, epoch: 1, upstream };
    const swap = { expected: { deploymentId: null, epoch: 0 }, next };
    expect((await rig.routerCall("PUT /route", swap)).status).toBe(200);
    return { port, slotPort };
  }

  async function all(): Promise<number[]> {
    const { pid, router, slots } = await rig.state();
    return [pid, router?.pid, slots.blue?.pid].map((each) => each ?? 0);
  }

  test("brings all back as it was when all was lost at once, as after a reboot", async () => {
    const { port, slotPort } = await serve();
    const before = await all();
    for (const pid of before) process.kill(pid, "SIGKILL");
    await expect.poll(() => rig.readyAt(port), POLL).toBeNull();
    standBy();
    await expect.poll(() => rig.readyAt(port), POLL).toBe("release-d1");
    const after = await rig.state();
    expect(after.slots.blue).toMatchObject({ port: slotPort, deploymentId: "d1", restartCount: 1 });
    expect(after.slots.blue?.lastExit).toBe("ended while no keeper ran");
    expect(await all()).not.toEqual(before);
    expect((await rig.routerCall("GET /status")).body.route.upstream).toMatchObject({ deploymentId: "d1" });
  });

  test("leaves alone what is kept, and what the router brings back by itself", async () => {
    await serve();
    const [, router, slot] = await all();
    const child = standBy();
    let told = "";
    child.stdout?.on("data", (chunk) => (told += String(chunk)));
    for (let kill = 0; kill < 3; kill += 1) {
      const before = await rig.keeper();
      process.kill(before.pid, "SIGKILL");
      await expect.poll(async () => (await rig.keeper()).pid, POLL).not.toBe(before.pid);
    }
    expect((await all()).slice(1)).toEqual([router, slot]);
    expect(child.exitCode).toBeNull();
    // Both may have started one; the lock lets one of them keep.
    expect(told).not.toContain("Error");
  });

  test("starts nothing after a stop", async () => {
    await serve();
    const running = (await all()).map((pid) => rig.identity(pid));
    const child = standBy();
    await rig.call("POST /stop", { epoch: 1, graceMs: 500 });
    await expect.poll(() => running.filter(isSameProcess), POLL).toEqual([]);
    const log = environmentFolder(rig.folder).log("keeper");
    await expect.poll(() => readFile(log, "utf8"), POLL).toContain("standing by");
    const { length } = await readFile(log);
    // More than a look long.
    await new Promise((resolve) => {
      setTimeout(resolve, 1500);
    });
    expect([(await readFile(log)).length, child.exitCode]).toEqual([length, null]);
  });

  test("starts nothing on a guess when what should run can't be read, and says so once", async () => {
    await serve();
    for (const pid of await all()) process.kill(pid, "SIGKILL");
    const { desired } = environmentFolder(rig.folder);
    for (const path of [desired, `${desired}.copy`]) await writeFile(path, "{ torn");
    const child = standBy();
    let said = "";
    child.stdout?.on("data", (chunk) => (said += String(chunk)));
    await expect.poll(() => said, POLL).toContain("STORE_UNREADABLE");
    expect(said).not.toContain("starting");
    expect(rig.identity((await readPid()) ?? 0).startTime).toBe("gone");
  });

  test("ends when the folder is gone, and on TERM, and ends nobody else", async () => {
    const first = standBy();
    const { pid } = await rig.keeper();
    await once(first.stdout ?? first, "data");
    first.kill("SIGTERM");
    expect((await once(first, "exit")).slice(0, 2)).toEqual([0, null]);
    expect(isSameProcess(rig.identity(pid))).toBe(true);
    const second = standBy();
    await rm(rig.folder, { recursive: true, force: true });
    expect((await once(second, "exit")).slice(0, 2)).toEqual([0, null]);
  });

  async function readPid(): Promise<number | null> {
    const text = await readFile(environmentFolder(rig.folder).keeperRecord, "utf8").catch(() => "null");
    return (JSON.parse(text) as { pid: number } | null)?.pid ?? null;
  }
});
