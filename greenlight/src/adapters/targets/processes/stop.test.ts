import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { isSameProcess, isSuspended, type ProcessIdentity } from "../../../base/process-identity.ts";
import { mountSmallDisk, whyNoDisk } from "../../../engine/testing/small-disk.ts";
import { environmentFolder } from "../../../keeper/environment-folder.ts";
import { freePort } from "../../../keeper/free-port.ts";
import { KeeperRig } from "../../../keeper/testing/keeper-rig.ts";
import type { KeeperRecord } from "../../../keeper/wire.ts";
import { ensureKeeper } from "./keeper-client.ts";
import { takeLease } from "./lease.ts";
import { observe } from "./observe.ts";
import { DEFAULT_OPTIONS } from "./options.ts";
import { placeOf, type Place } from "./place.ts";
import { stopEnvironment } from "./stop.ts";

const POLL = { timeout: 10_000, interval: 20 } as const;

describe.skipIf(process.platform === "win32")("a stop, when the keeper does not listen", () => {
  let rig: KeeperRig;
  let place: Place;
  beforeEach(async () => {
    rig = await KeeperRig.start();
    place = placeOf("x", rig.folder, { ...DEFAULT_OPTIONS, port: await freePort(), stopGraceMs: 500 });
  });
  afterEach(() => rig.clean());

  async function serve(): Promise<{ readonly keeper: ProcessIdentity; readonly all: ProcessIdentity[] }> {
    await rig.call("PUT /router", { epoch: 1, host: "127.0.0.1", port: place.options.port });
    await rig.slot("blue", rig.order("d1"));
    const { pid, router, slots } = await rig.state();
    const all = [pid, router?.pid ?? 0, slots.blue?.pid ?? 0].map((each) => rig.identity(each));
    return { keeper: rig.identity(pid), all };
  }

  test("ends all promptly when somebody has stopped it, and says so", async () => {
    const { keeper, all } = await serve();
    process.kill(keeper.pid, "SIGSTOP");
    await expect.poll(() => isSuspended(keeper), POLL).toBe(true);
    const startedAt = performance.now();
    const answer = await stopEnvironment(place, 9);
    expect(performance.now() - startedAt).toBeLessThan(5000);
    expect(answer).toMatchObject({ problems: [], endedPids: expect.arrayContaining(all.map(({ pid }) => pid)) });
    expect(answer.notes).toEqual([
      `its keeper (pid ${keeper.pid}) was stopped, by SIGSTOP or a debugger, and was killed`,
    ]);
    expect(all.filter(isSameProcess)).toEqual([]);
  });

  test("and it can be reached by nobody, ends all as well", async () => {
    const { keeper, all } = await serve();
    const { keeperRecord } = environmentFolder(rig.folder);
    const record = JSON.parse(await readFile(keeperRecord, "utf8")) as KeeperRecord;
    await writeFile(keeperRecord, JSON.stringify({ ...record, port: await freePort() }));
    const answer = await stopEnvironment(place, 9);
    expect(answer.notes).toEqual([`its keeper (pid ${keeper.pid}) did not answer, and was killed`]);
    expect(all.filter(isSameProcess)).toEqual([]);
  });

  test("tells a deployment at once what hinders it and how to go on", async () => {
    const { keeper } = await serve();
    process.kill(keeper.pid, "SIGSTOP");
    await expect.poll(() => isSuspended(keeper), POLL).toBe(true);
    const startedAt = performance.now();
    const told = [await ensureKeeper(place, 2), (await observe(place)).keeper];
    expect(performance.now() - startedAt).toBeLessThan(1000);
    expect(told).toMatchObject([[{ code: "KEEPER_UNREACHABLE", message: expect.stringContaining("SIGSTOP") }], null]);
    process.kill(keeper.pid, "SIGCONT");
    await expect.poll(async () => ensureKeeper(place, 2), POLL).toEqual([]);
  });
});

describe("a stop, when the keeper's record was damaged", () => {
  let rig: KeeperRig;
  let place: Place;
  beforeEach(async () => {
    rig = await KeeperRig.start();
    place = placeOf("x", rig.folder, { ...DEFAULT_OPTIONS, port: 1, stopGraceMs: 500 });
  });
  afterEach(() => rig.clean());

  test("waits until the keeper has mended it, and ends all", async () => {
    await rig.slot("blue", rig.order("d1"));
    const { pid, slots } = await rig.state();
    const all = [pid, slots.blue?.pid ?? 0].map((each) => rig.identity(each));
    await writeFile(environmentFolder(rig.folder).keeperRecord, "{ torn");
    const answer = await stopEnvironment(place, 9);
    expect(answer).toMatchObject({ problems: [], endedPids: expect.arrayContaining(all.map((each) => each.pid)) });
    expect(all.filter(isSameProcess)).toEqual([]);
  });

  test.skipIf(process.platform === "win32")("ends a keeper that hangs by the lock that it holds", async () => {
    await rig.slot("blue", rig.order("d1"));
    const { pid, slots } = await rig.state();
    const all = [pid, slots.blue?.pid ?? 0].map((each) => rig.identity(each));
    process.kill(pid, "SIGSTOP");
    await writeFile(environmentFolder(rig.folder).keeperRecord, "{ torn");
    const answer = await stopEnvironment(place, 9);
    expect(answer).toMatchObject({ problems: [], endedPids: expect.arrayContaining(all.map((each) => each.pid)) });
    expect(all.filter(isSameProcess)).toEqual([]);
  });
});

const noDisk = whyNoDisk();
describe.skipIf(noDisk !== "")(`a stop on a full disk${noDisk}`, () => {
  test("says so, and leaves all as it is", async () => {
    const disk = mountSmallDisk(8 * 1024 * 1024);
    if (disk === null) throw new Error("no disk");
    const before = process.env["TMPDIR"];
    process.env["TMPDIR"] = disk.path;
    const rig = await KeeperRig.start();
    try {
      const place = placeOf("x", rig.folder, { ...DEFAULT_OPTIONS, port: 1, stopGraceMs: 500 });
      const port = await rig.slot("blue", rig.order("d1"));
      const filler = join(disk.path, "filler");
      await writeFile(filler, Buffer.alloc(16 * 1024 * 1024)).catch(() => {});
      const unwritable = { code: "STORE_UNWRITABLE", message: expect.stringContaining("ENOSPC") };
      expect(await stopEnvironment(place, 9)).toMatchObject({ wasRunning: false, problems: [unwritable] });
      const holder = { deploymentId: "stop", who: "a stop", runId: "" };
      await expect(takeLease(place, holder, { isForced: true })).rejects.toThrow("STORE_UNWRITABLE");
      expect(await rig.readyAt(port)).toBe("release-d1");
      await rm(filler);
      expect(await stopEnvironment(place, 9)).toMatchObject({ wasRunning: true, problems: [] });
    } finally {
      if (before === undefined) delete process.env["TMPDIR"];
      else process.env["TMPDIR"] = before;
      await rm(join(disk.path, "filler"), { force: true });
      await rig.clean();
      disk.unmount();
    }
  });
});
