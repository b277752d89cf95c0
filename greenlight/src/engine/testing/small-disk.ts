import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A disk of its own, as large as a test needs it. */
export interface SmallDisk {
  readonly path: string;
  makeReadOnly(): void;
  unmount(): void;
}

/** Null where this user may not mount. */
export function mountSmallDisk(bytes: number): SmallDisk | null {
  const path = mkdtempSync(join(tmpdir(), "greenlight-disk-"));
  const isMounted = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${bytes}`, "tmpfs", path]).status === 0;
  const unmount = (): void => {
    if (isMounted) spawnSync("umount", ["--lazy", path]);
    rmSync(path, { recursive: true, force: true });
  };
  if (!isMounted) {
    unmount();
    return null;
  }
  return { path, unmount, makeReadOnly: () => void spawnSync("mount", ["-o", "remount,ro", path]) };
}

/** Empty when disks can be mounted here; else what a test's name says of it. */
export function whyNoDisk(): string {
  const disk = mountSmallDisk(65_536);
  disk?.unmount();
  return disk === null ? " (skipped: no right to mount)" : "";
}
