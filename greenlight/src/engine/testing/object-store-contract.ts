import { createHash, randomBytes } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import type { ObjectStore } from "../object-store.ts";

/** One kind of store, as the contract needs it. */
export interface ContractStore {
  /** A store over objects that nobody else uses; a second opening sees the same objects. */
  open(): Promise<ObjectStore>;
  /** A store whose server, or mount, is not there. */
  openAbsent(): Promise<ObjectStore>;
  close(): Promise<void>;
}

const text = (value: string): Uint8Array => new TextEncoder().encode(value);
const { signal } = new AbortController();
const reading = { signal, maxBytes: 1_000_000 };

const ODD_KEYS = [
  "plain",
  "deep/er/and/deeper/key.json",
  "with space/and (brackets) [too] {curly}",
  "plus+equals=and&amp;'quote'!@#$^~`,;",
  "percent %2e%2e %41 100%",
  "한국어/영화",
  "ünïcode/é",
  `long/${"x".repeat(200)}`,
];

const BAD_KEYS = [
  "",
  "/",
  "/a",
  "a/",
  "a//b",
  "..",
  "a/../b",
  "a/./b",
  ".hidden",
  "a\\b",
  "a\u0000b",
  "a\nb",
  "x".repeat(201),
  "e\u0301",
];

/** What every object store must do; each adapter runs it. Without a store to test, all of it is skipped under that name. */
export function objectStoreContract(name: string, make: (() => Promise<ContractStore>) | null): void {
  describe.skipIf(make === null)(`${name} keeps the contract of an object store`, () => {
    let kind: ContractStore;
    let store: ObjectStore;
    let other: ObjectStore;
    const folder = mkdtempSync(join(tmpdir(), "greenlight-contract-"));

    beforeAll(async () => {
      if (make === null) return;
      kind = await make();
      store = await kind.open();
      other = await kind.open();
    });

    afterAll(async () => {
      await store?.close();
      await other?.close();
      await kind?.close();
      rmSync(folder, { recursive: true, force: true });
    });

    const contentOf = async (key: string): Promise<string | null> => {
      const found = await other.get(key, reading);
      return found === null ? null : new TextDecoder().decode(found.bytes);
    };

    test("what was put is got by another client, with the tag that putting told", async () => {
      const put = await store.put("round/trip", text("films"), { signal });
      const got = await other.get("round/trip", reading);
      expect(new TextDecoder().decode(got?.bytes)).toBe("films");
      expect(put).toEqual({ kind: "written", etag: got?.etag });
      expect(await other.size("round/trip", { signal })).toBe(5);
      expect(await store.put("round/trip", text(""), { signal })).toMatchObject({ kind: "written" });
      expect(await contentOf("round/trip")).toBe("");
    });

    test("a missing object is null, no error", async () => {
      expect(await store.get("missing/key", reading)).toBeNull();
      expect(await store.size("missing/key", { signal })).toBeNull();
      expect(await store.getToFile("missing/key", join(folder, "missing"), reading)).toBe(false);
      expect(existsSync(join(folder, "missing"))).toBe(false);
      await store.delete("missing/key", { signal });
    });

    test("a deleted object is gone and can be made anew", async () => {
      await store.put("delete/it", text("a"), { signal, ifAbsent: true });
      await store.delete("delete/it", { signal });
      expect(await contentOf("delete/it")).toBeNull();
      expect(await other.put("delete/it", text("b"), { signal, ifAbsent: true })).toMatchObject({ kind: "written" });
    });

    test("of 20 writers that race to create one object exactly one wins, and its bytes stay", async () => {
      for (const round of [1, 2, 3]) {
        const key = `race/create-${round}`;
        const results = await Promise.all(
          Array.from({ length: 20 }, (_, index) =>
            (index % 2 === 0 ? store : other).put(key, text(`writer ${index}`), { signal, ifAbsent: true }),
          ),
        );
        const winners = results.flatMap((result, index) => (result.kind === "written" ? [index] : []));
        expect(winners).toHaveLength(1);
        expect(await contentOf(key)).toBe(`writer ${winners[0]}`);
      }
    });

    test("of 20 writers that race to replace one version exactly one wins", async () => {
      const first = await store.put("race/replace", text("first"), { signal });
      const etag = first.kind === "written" ? first.etag : "";
      const results = await Promise.all(
        Array.from({ length: 20 }, (_, index) =>
          (index % 2 === 0 ? store : other).put("race/replace", text(`writer ${index}`), { signal, ifMatch: etag }),
        ),
      );
      const winners = results.flatMap((result, index) => (result.kind === "written" ? [index] : []));
      expect(winners).toHaveLength(1);
      expect(await contentOf("race/replace")).toBe(`writer ${winners[0]}`);
    });

    test("10 writers that add one each by comparing and replacing lose no addition", async () => {
      await store.put("race/count", text("0"), { signal });
      const addOne = async (client: ObjectStore): Promise<void> => {
        for (;;) {
          const now = await client.get("race/count", reading);
          if (now === null) throw new Error("the count is gone");
          const next = text(String(Number(new TextDecoder().decode(now.bytes)) + 1));
          if ((await client.put("race/count", next, { signal, ifMatch: now.etag })).kind === "written") return;
        }
      };
      await Promise.all(Array.from({ length: 10 }, (_, index) => addOne(index % 2 === 0 ? store : other)));
      expect(await contentOf("race/count")).toBe("10");
    });

    test("a version that was replaced or deleted can't be replaced again", async () => {
      const first = await store.put("match/old", text("1"), { signal });
      const etag = first.kind === "written" ? first.etag : "";
      await other.put("match/old", text("2"), { signal });
      expect(await store.put("match/old", text("3"), { signal, ifMatch: etag })).toEqual({ kind: "conflict" });
      expect(await contentOf("match/old")).toBe("2");
      await other.delete("match/old", { signal });
      expect(await store.put("match/old", text("3"), { signal, ifMatch: etag })).toEqual({ kind: "conflict" });
      expect(await contentOf("match/old")).toBeNull();
    });

    test("a file of several parts arrives whole, and is created once only", async () => {
      const bytes = randomBytes(17 * 1024 * 1024 + 7);
      const source = join(folder, "big");
      writeFileSync(source, bytes);
      expect(await store.putFile("big/file", source, { signal, ifAbsent: true })).toMatchObject({ kind: "written" });
      expect(await other.size("big/file", { signal })).toBe(bytes.length);
      const target = join(folder, "big-back");
      expect(await other.getToFile("big/file", target, { signal, maxBytes: bytes.length })).toBe(true);
      expect(digestOf(readFileSync(target))).toBe(digestOf(bytes));
      expect(await other.putFile("big/file", source, { signal, ifAbsent: true })).toEqual({ kind: "conflict" });
      expect(await other.putFile("big/file", source, { signal })).toMatchObject({ kind: "written" });
    });

    test("a file that can't be read whole is never visible", async () => {
      const source = join(folder, "shrinking");
      writeFileSync(source, randomBytes(20 * 1024 * 1024));
      const stop = new AbortController();
      const upload = store.putFile("big/cut", source, { signal: stop.signal });
      stop.abort(new Error("enough"));
      await expect(upload).rejects.toThrow("enough");
      expect(await other.get("big/cut", reading)).toBeNull();
      expect(await other.list("big/", { signal, limit: 10 })).not.toContain("big/cut");
    });

    test("an object larger than its bound is refused, and no part of it is left", async () => {
      await store.put("large/it", text("x".repeat(1001)), { signal });
      const bounded = { signal, maxBytes: 1000 };
      await expect(store.get("large/it", bounded)).rejects.toThrow("STORE_ENTRY_REFUSED");
      const path = join(folder, "too-large");
      await expect(store.getToFile("large/it", path, bounded)).rejects.toThrow("STORE_ENTRY_REFUSED");
      expect(existsSync(path)).toBe(false);
      expect((await store.get("large/it", { signal, maxBytes: 1001 }))?.bytes).toHaveLength(1001);
    });

    test("odd keys are kept apart and come back in a list as they were", async () => {
      for (const key of ODD_KEYS) await store.put(`odd/${key}`, text(key), { signal });
      for (const key of ODD_KEYS) expect(await contentOf(`odd/${key}`)).toBe(key);
      const listed = await other.list("odd/", { signal, limit: 100 });
      expect([...listed].toSorted()).toEqual(ODD_KEYS.map((key) => `odd/${key}`).toSorted());
    });

    test("keys that some store could not hold are refused before anything is asked", async () => {
      for (const key of BAD_KEYS) {
        await expect(store.put(key, text("x"), { signal })).rejects.toThrow(RangeError);
        await expect(store.get(key, reading)).rejects.toThrow(RangeError);
      }
      await expect(store.list("no-slash", { signal, limit: 1 })).rejects.toThrow(RangeError);
    });

    test("a list is sorted by bytes, bounded, and goes on after any key", async () => {
      const keys = ["a-b", "a/0", "a/b/c", "a/b/d", "a0", "b", "é", "한"].map((key) => `pages/${key}`);
      await Promise.all(keys.map((key) => store.put(key, text("x"), { signal })));
      await store.put("pages-beside/x", text("x"), { signal });
      expect(await other.list("pages/", { signal, limit: 100 })).toEqual(keys);
      expect(await other.list("pages/", { signal, limit: 3 })).toEqual(keys.slice(0, 3));
      for (const [index, after] of keys.entries())
        expect(await other.list("pages/", { signal, limit: 2, after })).toEqual(keys.slice(index + 1, index + 3));
      expect(await other.list("pages/none/", { signal, limit: 5 })).toEqual([]);
    });

    test("an aborted call ends with the signal's reason", async () => {
      const aborted = AbortSignal.abort(new Error("cancelled"));
      await expect(store.get("round/trip", { signal: aborted, maxBytes: 10 })).rejects.toThrow("cancelled");
      await expect(store.put("abort/it", text("x"), { signal: aborted })).rejects.toThrow("cancelled");
      expect(await contentOf("abort/it")).toBeNull();
    });

    test("a store that is not there is STORE_UNREACHABLE within three seconds", async () => {
      const absent = await kind.openAbsent();
      const startedAt = performance.now();
      await expect(absent.get("a/key", reading)).rejects.toThrow(/^STORE_UNREACHABLE: /u);
      await expect(absent.put("a/key", text("x"), { signal })).rejects.toThrow(/^STORE_UNREACHABLE: /u);
      await expect(absent.list("", { signal, limit: 1 })).rejects.toThrow(/^STORE_UNREACHABLE: /u);
      expect(performance.now() - startedAt).toBeLessThan(9000);
      await absent.close();
    });
  });
}

function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
