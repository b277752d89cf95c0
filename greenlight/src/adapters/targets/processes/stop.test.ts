import { writeFile } from "node:fs/promises";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { isSameProcess } from "../../../base/process-identity.ts";
import { environmentFolder } from "../../../keeper/environment-folder.ts";
import { KeeperRig } from "../../../keeper/testing/keeper-rig.ts";
import { DEFAULT_OPTIONS } from "./options.ts";
import { placeOf, type Place } from "./place.ts";
import { stopEnvironment } from "./stop.ts";

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
