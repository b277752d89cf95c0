import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { takeNumberedLock } from "../../../base/numbered-lock.ts";
import { KeyLock } from "./key-lock.ts";
import { SharedFolderStore } from "./shared-folder-store.ts";
import { Turnstile } from "./turnstile.ts";

const { signal } = new AbortController();
const reading = { signal, maxBytes: 1000 };
const text = (value: string): Uint8Array => new TextEncoder().encode(value);

let root: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "greenlight-folder-"));
});

afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

describe("a shared folder", () => {
  test("heals the lock of a writer that died holding it, after it stood still for its time", async () => {
    // Every shard, so that whichever the key has is held by a dead one.
    for (let shard = 0; shard < 64; shard += 1) {
      const folder = join(root, ".locks", String(shard));
      await takeNumberedLock({ folder, floor: 0, describe: () => "a dead writer", isHeld: () => true });
    }
    const store = new SharedFolderStore(root, { staleLockMs: 2500 });
    const startedAt = performance.now();
    await store.put("a/key", text("1"), { signal });
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(2490);
    const healedAt = performance.now();
    await store.put("a/key", text("2"), { signal });
    expect(performance.now() - healedAt).toBeLessThan(2400);
  });

  test("leaves nothing behind in its staging place, whatever became of a write", async () => {
    const store = new SharedFolderStore(root);
    await store.put("a/key", text("1"), { signal, ifAbsent: true });
    await store.put("a/key", text("2"), { signal, ifAbsent: true });
    await store.put("a/key", text("3"), { signal, ifMatch: "not this" });
    await store.putFile("a/b/c", join(root, "missing"), { signal }).catch(() => undefined);
    await store.put("a/key/below", text("x"), { signal }).catch(() => undefined);
    expect(readdirSync(join(root, ".staging"))).toEqual([]);
    expect(await store.list("", { signal, limit: 10 })).toEqual(["a/key"]);
  });

  test("never writes through a link that leads out of it", async () => {
    const outside = mkdtempSync(join(tmpdir(), "greenlight-outside-"));
    symlinkSync(outside, join(root, "films"));
    const store = new SharedFolderStore(root);
    await expect(store.put("films/blobs/x", text("x"), { signal })).rejects.toThrow("STORE_REFUSED");
    await expect(store.put("films/y", text("x"), { signal, ifAbsent: true })).rejects.toThrow("STORE_REFUSED");
    expect(readdirSync(outside)).toEqual([]);
    rmSync(outside, { recursive: true });
  });

  test("refuses what is no file in the place of an object, and does not wait for it", async () => {
    mkdirSync(join(root, "a/folder"), { recursive: true });
    expect(spawnSync("/usr/bin/mkfifo", [join(root, "a/pipe")]).status).toBe(0);
    const store = new SharedFolderStore(root);
    for (const key of ["a/folder", "a/pipe"])
      await expect(store.get(key, reading)).rejects.toThrow(/STORE_ENTRY_REFUSED.*it is no file/u);
    expect(await store.list("a/", { signal, limit: 10 })).toEqual([]);
  });

  test("says where it is not allowed to write", async () => {
    writeFileSync(join(root, "blobs"), "a file where a folder is needed");
    const store = new SharedFolderStore(root);
    await expect(store.put("blobs/ab/x", text("x"), { signal })).rejects.toThrow(/^STORE_REFUSED: .*(ENOTDIR|EEXIST)/u);
    expect(readFileSync(join(root, "blobs"), "utf8")).toBe("a file where a folder is needed");
  });
});

describe("operations at a mount that hangs", () => {
  test("are given up after their time, and no others follow them into it", async () => {
    const turnstile = new Turnstile("/mnt/films", 2);
    let entered = 0;
    const hang = async (): Promise<never> => {
      entered += 1;
      return new Promise(() => undefined);
    };
    const all = Array.from({ length: 6 }, () => turnstile.pass(50, signal, hang));
    const ends = await Promise.allSettled(all);
    expect(ends.map((end) => end.status)).toEqual(Array.from({ length: 6 }, () => "rejected"));
    for (const end of ends) expect(String((end as PromiseRejectedResult).reason)).toContain("STORE_UNREACHABLE");
    expect(entered).toBe(2);
  });

  test("make way again when they end after all", async () => {
    const turnstile = new Turnstile("/mnt/films", 1);
    const { promise, resolve } = Promise.withResolvers<number>();
    await expect(turnstile.pass(20, signal, () => promise)).rejects.toThrow("STORE_UNREACHABLE");
    const next = turnstile.pass(1000, signal, async () => 2);
    resolve(1);
    expect(await next).toBe(2);
    expect(await turnstile.pass(1000, signal, async () => 3)).toBe(3);
  });

  test("that are aborted while they wait give up their place in the line only", async () => {
    const turnstile = new Turnstile("/mnt/films", 1);
    const { promise, resolve } = Promise.withResolvers<number>();
    const first = turnstile.pass(1000, signal, () => promise);
    const stop = new AbortController();
    const second = turnstile.pass(1000, stop.signal, async () => 2);
    const third = turnstile.pass(1000, signal, async () => 3);
    stop.abort(new Error("cancelled"));
    await expect(second).rejects.toThrow("cancelled");
    resolve(1);
    expect([await first, await third]).toEqual([1, 3]);
  });
});

test("a lock of one key lets one in at a time, also from stores that know nothing of each other", async () => {
  const locks = Array.from({ length: 4 }, () => new KeyLock(join(root, ".locks")));
  let inside = 0;
  let most = 0;
  let count = 0;
  await Promise.all(
    Array.from({ length: 40 }, async (_, index) =>
      locks[index % 4]?.hold("a/key", signal, async (assertHeld) => {
        inside += 1;
        most = Math.max(most, inside);
        const before = count;
        await new Promise((resolve) => setImmediate(resolve));
        assertHeld();
        count = before + 1;
        inside -= 1;
      }),
    ),
  );
  expect([most, count]).toEqual([1, 40]);
});
