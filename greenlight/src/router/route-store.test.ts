import { mkdtemp, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { openRouteStore, type RouteStore } from "./route-store.ts";
import type { Route, RouteSwap } from "./wire.ts";

function routeTo(deploymentId: string, epoch: number): Route {
  const upstream = { deploymentId, releaseId: `r-${deploymentId}`, digest: "d", slot: "blue" as const };
  return { schema: 1, epoch, upstream: { ...upstream, host: "127.0.0.1", port: 20_000 } };
}

function swapOf(from: Route | null, next: Route): RouteSwap {
  return { expected: { deploymentId: from?.upstream?.deploymentId ?? null, epoch: from?.epoch ?? 0 }, next };
}

describe("the route", () => {
  let folder: string;
  let path: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "route-"));
    path = join(folder, "route.json");
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  async function open(): Promise<RouteStore> {
    const opened = await openRouteStore(path, () => {});
    if (!opened.ok) throw new Error(opened.error.message);
    return opened.value;
  }

  const a = routeTo("a", 1);
  const b = routeTo("b", 2);

  test("is on disk before the swap is acknowledged, and is there again after a restart", async () => {
    expect(await (await open()).swap(swapOf(null, a))).toBe(true);
    expect(JSON.parse(await readFile(path, "utf8"))).toEqual(a);
    expect((await open()).current()).toEqual(a);
  });

  test("is swapped only while it is the expected one", async () => {
    const routes = await open();
    await routes.swap(swapOf(null, a));
    expect(await routes.swap(swapOf(null, b))).toBe(false);
    expect(await routes.swap({ expected: { deploymentId: "a", epoch: 7 }, next: b })).toBe(false);
    expect(routes.current()).toEqual(a);
    expect(await routes.swap(swapOf(a, b))).toBe(true);
  });

  test("is not swapped by a controller of a lower epoch", async () => {
    const routes = await open();
    await routes.swap(swapOf(null, b));
    expect(await routes.swap(swapOf(b, routeTo("late", 1)))).toBe(false);
    expect(routes.current()).toEqual(b);
  });

  test("takes the same swap twice as one", async () => {
    const routes = await open();
    expect(await routes.swap(swapOf(null, a))).toBe(true);
    expect(await routes.swap(swapOf(null, a))).toBe(true);
  });

  test("goes to one of two controllers that swap at once", async () => {
    const routes = await open();
    const answers = await Promise.all([routes.swap(swapOf(null, a)), routes.swap(swapOf(null, b))]);
    expect(answers).toEqual([true, false]);
    expect(routes.current()).toEqual(a);
  });

  test("stays the old one when the disk refuses, in memory as on disk", async () => {
    const routes = await open();
    await routes.swap(swapOf(null, a));
    await rm(folder, { recursive: true });
    await writeFile(folder, "a file where the folder was");
    await expect(routes.swap(swapOf(a, b))).rejects.toThrow(/ENOTDIR|EEXIST/);
    expect(routes.current()).toEqual(a);
  });

  test("that was torn is read from its copy", async () => {
    await (await open()).swap(swapOf(null, a));
    await truncate(path, 10);
    expect((await open()).current()).toEqual(a);
  });

  test("that can't be read at all starts no router, since an empty one would look like health", async () => {
    await (await open()).swap(swapOf(null, a));
    await writeFile(path, "{");
    await writeFile(`${path}.copy`, "");
    expect(await openRouteStore(path, () => {})).toMatchObject({ ok: false, error: { code: "STORE_UNREADABLE" } });
  });
});
