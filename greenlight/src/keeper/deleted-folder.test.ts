import { rm } from "node:fs/promises";

import { describe, expect, test } from "vitest";

import { isSameProcess } from "../base/process-identity.ts";
import { endEverything } from "./end-everything.ts";
import { freePort } from "./free-port.ts";
import { startKeeper } from "./keeper.ts";
import { spawnKeeper } from "./spawn-keeper.ts";
import { strayKeepers } from "./stray-processes.ts";
import { KeeperRig } from "./testing/keeper-rig.ts";

const POLL = { timeout: 8000, interval: 10 } as const;

describe("a keeper whose folder was deleted", () => {
  test("ends what nobody could find any more", async () => {
    const rig = await KeeperRig.start();
    await rig.slot("blue", rig.order("d1"));
    const slot = rig.identity((await rig.state()).slots.blue?.pid ?? 0);
    process.kill((await rig.keeper()).pid, "SIGKILL");
    let why = "";
    // No router runs that could start another: this process takes over.
    await expect
      .poll(async () => {
        const started = await startKeeper({
          folder: rig.folder,
          resumeEpoch: null,
          choresEveryMs: 30,
          log: () => {},
          onEnd: (told) => void (why = told),
        });
        return started.ok && started.value;
      }, POLL)
      .toBe("keeping");
    expect(isSameProcess(slot)).toBe(true);
    await rm(rig.folder, { recursive: true, force: true });
    await expect.poll(() => why, POLL).toContain("gone");
    expect(isSameProcess(slot)).toBe(false);
  });

  test.skipIf(process.platform === "win32")("and made anew ends its own, and leaves its successor alone", async () => {
    const rig = await KeeperRig.start();
    try {
      await rig.call("PUT /router", { epoch: 1, host: "127.0.0.1", port: await freePort() });
      await rig.slot("blue", rig.order("d1"));
      const { pid, router, slots } = await rig.state();
      const old = [pid, router?.pid, slots.blue?.pid].map((each) => rig.identity(each ?? 0));
      await rm(rig.folder, { recursive: true, force: true });
      spawnKeeper(rig.folder, 1);
      const successor = await rig.keeper();
      expect(successor.pid).not.toBe(pid);
      await expect.poll(() => old.filter(isSameProcess), POLL).toEqual([]);
      await rig.slot("blue", rig.order("d2"));
      expect(await rig.keeper()).toEqual(successor);
    } finally {
      await rig.clean();
    }
  });

  test.skipIf(process.platform === "win32")(
    "is found by who ends everything, even when it can't see that",
    async () => {
      const rig = await KeeperRig.start();
      const old = await rig.keeper();
      // A keeper that hangs does not look after its folder either.
      process.kill(old.pid, "SIGSTOP");
      await rm(rig.folder, { recursive: true, force: true });
      expect(strayKeepers(rig.folder)).toEqual([{ pid: old.pid, startTime: old.startTime }]);
      expect(strayKeepers(`${rig.folder}x`)).toEqual([]);
      expect(await endEverything(rig.folder, { graceMs: 100, epoch: 1 })).toEqual([old.pid]);
      expect(isSameProcess(old)).toBe(false);
    },
  );
});
