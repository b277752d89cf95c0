import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { RouterRig } from "./testing/router-rig.ts";
import type { Route } from "./wire.ts";

const mount = (...args: readonly string[]): boolean => spawnSync("/bin/mount", args).status === 0;
const mayMount = await canMount();

/** The route on a disk of its own, which is small, full, or can't be written. */
describe.skipIf(!mayMount)(`a route that can't be kept${mayMount ? "" : " (skipped: no right to mount)"}`, () => {
  let disk: string;
  let rig: RouterRig;
  let blue: number;
  let green: number;
  beforeEach(async () => {
    disk = await mkdtemp(join(tmpdir(), "router-disk-"));
    mount("-t", "tmpfs", "-o", "size=64k", "tmpfs", disk);
    rig = await RouterRig.start({ folder: disk });
    const named = async (name: string): Promise<number> =>
      (await rig.service((_request, response) => void response.end(name))).port;
    blue = await named("blue");
    green = await named("green");
    await rig.route("blue", blue);
  });
  afterEach(async () => {
    mount("-o", "remount,rw", disk);
    await rig.end().catch(() => {});
    spawnSync("/bin/umount", ["--lazy", disk]);
    await rm(disk, { recursive: true, force: true });
  });

  const onDisk = async (): Promise<Route> => JSON.parse(await readFile(join(disk, "route.json"), "utf8")) as Route;

  test.each([
    ["is full", async (): Promise<void> => fill(disk), async (): Promise<void> => rm(join(disk, "filling")), "ENOSPC"],
    [
      "became read-only",
      async (): Promise<void> => void mount("-o", "remount,ro", disk),
      async (): Promise<void> => void mount("-o", "remount,rw", disk),
      "EROFS",
    ],
  ])(
    "stays the old one when the disk %s, is told, and is swapped once there is room",
    async (_name, spoil, mend, code) => {
      await spoil();
      expect(await rig.route("green", green)).toBe(507);
      expect(rig.lines.at(-1)).toMatch(new RegExp(`the route stays as it is: ${code}`));
      expect((await rig.ask("GET", "/")).text).toBe("blue");
      expect((await onDisk()).upstream?.deploymentId).toBe("blue");
      // Neither is there anything left of the attempt, nor does the next start of the router see another route.
      await mend();
      await rig.router.close(0);
      await rig.startRouter();
      expect((await rig.ask("GET", "/")).text).toBe("blue");
      expect(await rig.route("green", green)).toBe(200);
      expect((await rig.ask("GET", "/")).text).toBe("green");
      expect((await onDisk()).upstream?.deploymentId).toBe("green");
    },
  );
});

async function fill(folder: string): Promise<void> {
  await writeFile(join(folder, "filling"), Buffer.alloc(1_000_000)).catch(() => {});
}

async function canMount(): Promise<boolean> {
  const folder = await mkdtemp(join(tmpdir(), "router-disk-"));
  const isMounted = mount("-t", "tmpfs", "-o", "size=64k", "tmpfs", folder);
  if (isMounted) spawnSync("/bin/umount", [folder]);
  await rm(folder, { recursive: true });
  return isMounted;
}
