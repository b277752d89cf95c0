import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import { processStartTime } from "../../../base/process-identity.ts";
import type { Lease } from "../../../deployment/target.ts";
import { takeLease } from "./lease.ts";
import { DEFAULT_OPTIONS } from "./options.ts";
import { placeOf, type Place } from "./place.ts";

const holder = { deploymentId: "d", who: "ann", runId: "r" };

describe("the lease of an environment", () => {
  let folder: string;
  let place: Place;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "lease-"));
    place = placeOf("x", folder, { ...DEFAULT_OPTIONS, port: 1 });
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function take(isForced = false): Promise<Lease> {
    const answer = await takeLease(place, holder, { isForced });
    if (!answer.isTaken) throw new Error(answer.heldBy);
    return answer.lease;
  }

  /** Makes the present lease one of another process. */
  async function giveTo(change: Readonly<Record<string, unknown>>): Promise<void> {
    const [name] = await readdir(place.paths.leases);
    const path = join(place.paths.leases, name ?? "");
    await writeFile(path, JSON.stringify({ ...(JSON.parse(await readFile(path, "utf8")) as object), ...change }));
  }

  test("is refused while somebody holds it, and says who", async () => {
    const lease = await take();
    expect(await takeLease(place, holder, { isForced: false })).toMatchObject({ isTaken: false });
    await expect(take()).rejects.toThrow(`ann (pid ${process.pid}`);
    await lease.release();
    expect((await take()).epoch).toBe(lease.epoch + 1);
  });

  test("heals when its holder died", async () => {
    const child = spawn(process.execPath, ["-e", "process.stdin.resume()"], { stdio: ["pipe", "ignore", "ignore"] });
    const identity = { pid: child.pid, startTime: processStartTime(child.pid ?? 0) };
    await take();
    await giveTo(identity);
    expect(await takeLease(place, holder, { isForced: false })).toMatchObject({ isTaken: false });
    child.kill("SIGKILL");
    await once(child, "exit");
    expect((await take()).epoch).toBe(2);
  });

  test("heals when it was not renewed, on this machine or another one", async () => {
    await take();
    await giveTo({ host: "elsewhere" });
    expect(await takeLease(place, holder, { isForced: false })).toMatchObject({ isTaken: false });
    await giveTo({ expiresAt: Date.now() - 1 });
    expect((await take()).epoch).toBe(2);
  });

  test("is lost to who takes it by force, with a higher epoch", async () => {
    const first = await take();
    const second = await take(true);
    expect([first.isLost(), second.isLost()]).toEqual([true, false]);
    // Giving back what is lost takes nothing from the new holder.
    await first.release();
    expect(await takeLease(place, holder, { isForced: false })).toMatchObject({ isTaken: false });
  });

  test("is lost when the environment's folder is taken away, and brings down nobody who held it", async () => {
    vi.useFakeTimers({ toFake: ["setInterval"] });
    try {
      const lease = await take();
      await rm(folder, { recursive: true });
      vi.advanceTimersByTime(60_000);
      expect(lease.isLost()).toBe(true);
      await lease.release();
    } finally {
      vi.useRealTimers();
    }
  });

  test("has an epoch above any that keeper or router have seen, even when its folder was lost", async () => {
    await writeFile(join(folder, "route.json"), JSON.stringify({ schema: 1, epoch: 41, upstream: null }));
    expect((await take()).epoch).toBe(42);
  });
});
