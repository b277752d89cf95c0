import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A disk of its own in a folder. */
interface SmallDisk {
  resize(megabytes: number): void;
  unmount(): void;
}

/** Throws where this user may not mount. */
export function mountDisk(folder: string, megabytes: number): SmallDisk {
  run("mount", "-t", "tmpfs", "-o", `size=${megabytes}m`, "tmpfs", folder);
  return {
    resize: (to) => run("mount", "-o", `remount,size=${to}m`, folder),
    unmount: () => run("umount", "--lazy", folder),
  };
}

/** What a test that needs a disk appends to its name, so that a skipped one says why. */
export const WITHOUT_MOUNT: string = mayMount() ? "" : " (skipped: no right to mount)";

function mayMount(): boolean {
  const folder = mkdtempSync(join(tmpdir(), "greenlight-disk-"));
  try {
    mountDisk(folder, 1).unmount();
    return true;
  } catch {
    return false;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(command: string, ...args: readonly string[]): void {
  const { status, stderr } = spawnSync(`/bin/${command}`, args, { encoding: "utf8" });
  if (status !== 0) throw new Error(`${command}: ${stderr}`);
}
