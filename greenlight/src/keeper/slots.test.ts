import { once } from "node:events";
import { readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { isSameProcess } from "../base/process-identity.ts";
import { callHttp } from "./control-client.ts";
import { environmentFolder } from "./environment-folder.ts";
import { spawnKeeper } from "./spawn-keeper.ts";
import { KeeperRig } from "./testing/keeper-rig.ts";
import type { KeeperState } from "./wire.ts";

const POLL = { timeout: 8000, interval: 10 } as const;

describe("a keeper's slots", () => {
  let rig: KeeperRig;
  beforeEach(async () => {
    rig = await KeeperRig.start();
  });
  afterEach(() => rig.clean());

  test("starts a slot on a port of its own, with nothing in its environment but what it was given", async () => {
    const order = rig.order("d1", { environment: { THRESHOLD: "7", PORT: "1" } });
    const port = await rig.slot("blue", order);
    const reply = await callHttp({ host: "127.0.0.1", port, method: "GET", path: "/environment", timeoutMs: 3000 });
    const environment = JSON.parse(reply.text) as Record<string, string>;
    expect(environment).toMatchObject({
      HOST: "127.0.0.1",
      PORT: String(port),
      RELEASE_ID: "release-d1",
      THRESHOLD: "7",
      PREDICTION_LOG: join(rig.folder, "predictions", "d1.jsonl"),
    });
    const given = new Set(["HOST", "PORT", "RELEASE_ID", "THRESHOLD", "PREDICTION_LOG"]);
    // Where compiled code is kept.
    for (const name of ["NODE_COMPILE_CACHE", "PYTHONPYCACHEPREFIX"]) given.add(name);
    const system = new Set([
      "PATH",
      "HOME",
      "TMPDIR",
      "LANG",
      "SystemRoot",
      "USERPROFILE",
      "TEMP",
      "__CF_USER_TEXT_ENCODING",
    ]);
    expect(Object.keys(environment).filter((name) => !given.has(name) && !system.has(name))).toEqual([]);
    expect(await readFile(environmentFolder(rig.folder).log("blue"), "utf8")).toContain("release-d1 listens on");
  });

  test("hands secrets to the service, keeps them for its user alone, and has them again after its own restart", async () => {
    const secrets = { TMDB_API_KEY: "hunter2-hunter2" };
    const port = await rig.slot("blue", rig.order("d1", { secrets }));
    expect(await keyAt(port)).toBe("hunter2-hunter2");
    const file = join(rig.folder, "secrets", "d1.json");
    expect([(await stat(file)).mode & 0o777, (await stat(join(rig.folder, "secrets"))).mode & 0o777]).toEqual([
      0o600, 0o700,
    ]);

    const keeper = await rig.keeper();
    const slot = rig.identity((await rig.state()).slots.blue?.pid ?? 0);
    for (const pid of [keeper.pid, slot.pid]) process.kill(pid, "SIGKILL");
    spawnKeeper(rig.folder);
    await expect.poll(() => rig.readyAt(port), POLL).toBe("release-d1");
    expect(await keyAt(port)).toBe("hunter2-hunter2");

    const present = (await rig.state()).slots.blue?.pid ?? 0;
    const commandLines = [present, (await rig.keeper()).pid].map((pid) => readFile(`/proc/${pid}/cmdline`, "utf8"));
    const told = [
      JSON.stringify(await rig.state()),
      await readFile(join(rig.folder, "desired.json"), "utf8"),
      await readFile(environmentFolder(rig.folder).log("keeper"), "utf8"),
      ...(process.platform === "linux" ? await Promise.all(commandLines) : []),
    ];
    expect(told.filter((text) => text.includes("hunter2"))).toEqual([]);

    await rig.call("DELETE /slots/blue", { epoch: 1, deploymentId: "d1", graceMs: 500 });
    expect(await readdir(join(rig.folder, "secrets"))).toEqual([]);
  });

  test("does not start a slot whose secrets are gone, and says so", async () => {
    await rig.slot("blue", rig.order("d1", { secrets: { TMDB_API_KEY: "hunter2-hunter2" } }));
    await rm(join(rig.folder, "secrets"), { recursive: true });
    process.kill((await rig.state()).slots.blue?.pid ?? 0, "SIGKILL");
    await expect
      .poll(async () => (await rig.state()).slots.blue?.lastExit, POLL)
      .toContain("the secrets of d1 are gone");
  });

  test("ends by itself what was kept for a while only, and never what has the traffic", async () => {
    const port = await rig.slot("blue", rig.order("d1"));
    const keep = (until: unknown, deploymentId = "d1"): Promise<{ status: number }> =>
      rig.call("PUT /slots/blue/warmth", { epoch: 1, deploymentId, until });
    expect((await keep(null, "d2")).status).toBe(409);
    expect((await keep("soon")).status).toBe(409);
    await keep(Date.now() + 86_400_000);
    expect((await rig.state()).slots.blue).toMatchObject({ warmUntil: expect.any(Number) });
    const upstream = { deploymentId: "d1", releaseId: "r", digest: "x", slot: "blue", host: "127.0.0.1", port };
    const { route } = environmentFolder(rig.folder);
    await writeFile(route, JSON.stringify({ schema: 1, epoch: 1, upstream }));
    await keep(Date.now() - 1);
    await expect.poll(async () => (await rig.state()).slots.blue?.warmUntil, POLL).toBeNull();
    expect(await rig.readyAt(port)).toBe("release-d1");
    await writeFile(route, JSON.stringify({ schema: 1, epoch: 1, upstream: { ...upstream, deploymentId: "d2" } }));
    await keep(Date.now() - 1);
    await expect.poll(async () => (await rig.state()).slots.blue, POLL).toBeNull();
    expect(await rig.readyAt(port)).toBeNull();
  });

  test("has a killed slot back on the same port, every time", async () => {
    const port = await rig.slot("blue", rig.order("d1"));
    for (let kill = 1; kill <= 3; kill += 1) {
      const pid = (await rig.state()).slots.blue?.pid ?? 0;
      process.kill(pid, "SIGKILL");
      await expect.poll(async () => (await rig.state()).slots.blue?.restartCount, POLL).toBe(kill);
      await expect.poll(() => rig.readyAt(port), POLL).toBe("release-d1");
    }
  });

  test("shows a service that crashes at its start as crash-looping, and tries it ever more rarely", async () => {
    await rig.call("PUT /slots/green", {
      epoch: 1,
      order: rig.order("bad", { environment: { FLAW: "crash-at-start" } }),
    });
    await expect.poll(async () => (await rig.state()).slots.green?.isCrashLooping, POLL).toBe(true);
    expect((await rig.state()).slots.green).toMatchObject({ restartCount: 6, pid: null, lastExit: "exit status 1" });
  });

  test("shows a program that can't be started", async () => {
    await rig.call("PUT /slots/green", { epoch: 1, order: rig.order("none", { command: "/nowhere/node" }) });
    await expect.poll(async () => (await rig.state()).slots.green?.lastExit, POLL).toContain("ENOENT");
  });

  test("moves a slot whose port was taken while it was down", async () => {
    const order = rig.order("bad", { environment: { FLAW: "crash-at-start" } });
    const reply = await rig.call("PUT /slots/green", { epoch: 1, order });
    const port = (JSON.parse(reply.text) as KeeperState).slots.green?.port ?? 0;
    const stranger = createServer().listen(port, "127.0.0.1");
    await once(stranger, "listening");
    try {
      await expect.poll(async () => (await rig.state()).slots.green?.port, POLL).not.toBe(port);
    } finally {
      stranger.close();
    }
  });

  test("gives a slot to one deployment only", async () => {
    await rig.slot("blue", rig.order("d1"));
    expect((await rig.call("PUT /slots/blue", { epoch: 1, order: rig.order("d2") })).status).toBe(409);
    expect((await rig.call("DELETE /slots/blue", { epoch: 1, deploymentId: "d2" })).status).toBe(409);
    const { pid } = (await rig.state()).slots.blue ?? { pid: null };
    const identity = rig.identity(pid ?? 0);
    expect((await rig.call("DELETE /slots/blue", { epoch: 1, deploymentId: "d1" })).status).toBe(200);
    expect(isSameProcess(identity)).toBe(false);
    expect((await rig.call("DELETE /slots/blue", { epoch: 1, deploymentId: "d1" })).status).toBe(200);
  });

  test("kills a service that ignores TERM, with its group, once its grace is over", async () => {
    await rig.slot("blue", rig.order("stubborn", { environment: { FLAW: "ignores-term" } }));
    const identity = rig.identity((await rig.state()).slots.blue?.pid ?? 0);
    const startedAt = performance.now();
    await rig.call("DELETE /slots/blue", { epoch: 1, deploymentId: "stubborn", graceMs: 300 });
    expect(performance.now() - startedAt).toBeGreaterThan(300);
    expect(isSameProcess(identity)).toBe(false);
  });
});

/** The variable TMDB_API_KEY as the service at a port sees it. */
async function keyAt(port: number): Promise<unknown> {
  const reply = await callHttp({ host: "127.0.0.1", port, method: "GET", path: "/environment", timeoutMs: 3000 });
  return (JSON.parse(reply.text) as Record<string, string>)["TMDB_API_KEY"];
}
