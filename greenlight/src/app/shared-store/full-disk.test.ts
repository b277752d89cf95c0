import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { describe, expect, test } from "vitest";

import { Minio, MINIO_ENV, MINIO_PROGRAM, WITHOUT_MINIO } from "../../adapters/stores/s3/testing/minio.ts";
import { STORE_KEY_VARIABLE } from "./store-keys.ts";
import { folderDefinition, KEY, keyOf, Machine, s3Definition, type MachineOptions } from "./testing/store-rig.ts";

const isHeavy = process.env["GREENLIGHT_HEAVY"] === "1";
const ENV = { ...MINIO_ENV, [STORE_KEY_VARIABLE]: KEY.privateKey };

/** A disk of its own of that size; null where this user may not mount. */
function mountDisk(megabytes: number): { readonly path: string; unmount(): void } | null {
  const path = mkdtempSync(join(tmpdir(), "greenlight-disk-"));
  const unmount = (): void => {
    spawnSync("/bin/umount", ["--lazy", path]);
    rmSync(path, { recursive: true, force: true });
  };
  if (spawnSync("/bin/mount", ["-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", path]).status === 0)
    return { path, unmount };
  rmSync(path, { recursive: true, force: true });
  return null;
}

function canMount(): boolean {
  if (!isHeavy) return false;
  const disk = mountDisk(1);
  disk?.unmount();
  return disk !== null;
}

const mayMount = canMount();
const why = mayMount ? "" : isHeavy ? " (skipped: no right to mount)" : " (skipped: heavy)";

/** Leaves about as much room as that on the disk. */
function fill(path: string, leaveBytes: number): void {
  const { bavail, bsize } = statfsSync(path);
  writeFileSync(join(path, "ballast"), Buffer.alloc(Math.max(0, bavail * bsize - leaveBytes)));
}

/** The warnings of a run whose store fills up, and of a run after it. */
async function workOnFullDisk(
  options: MachineOptions,
  fillDisk: () => void,
): Promise<{ readonly during: readonly string[]; readonly after: readonly string[] }> {
  const first = new Machine(options);
  const { key } = await first.keepResult("before", "kept before the disk was full");
  await first.store.flush();
  fillDisk();
  for (let index = 0; index < 5; index += 1) await first.keepResult(`step ${index}`, randomBytes(300_000));
  await first.store.flush();
  expect(first.warnings[0]?.message).toContain("nothing more is written to it in this run");
  await first.dispose();
  // What was there is still good, and what did not fit is a miss.
  const second = new Machine(options);
  expect(await second.store.cache.get(key)).not.toBeNull();
  expect(await second.store.cache.get(keyOf("step 4"))).toBeNull();
  await second.dispose();
  return { during: first.codes(), after: second.codes() };
}

describe.skipIf(!mayMount)(`a full disk of the store costs one warning, and reading goes on${why}`, () => {
  test("in a shared folder", async () => {
    const disk = mountDisk(2);
    if (disk === null) throw new Error("no disk");
    try {
      const told = await workOnFullDisk({ definition: folderDefinition(disk.path) }, () => fill(disk.path, 100_000));
      expect(told).toEqual({ during: ["STORE_REFUSED"], after: [] });
    } finally {
      disk.unmount();
    }
  });

  test.skipIf(MINIO_PROGRAM === null)(`of an S3 server${WITHOUT_MINIO}`, async () => {
    const disk = mountDisk(64);
    if (disk === null) throw new Error("no disk");
    const minio = await Minio.start(disk.path);
    try {
      const options = { definition: s3Definition(minio.options), env: ENV };
      const told = await workOnFullDisk(options, () => fill(disk.path, 200_000));
      expect(told).toEqual({ during: ["STORE_REFUSED"], after: [] });
    } finally {
      await minio.stop();
      disk.unmount();
    }
  });
});
