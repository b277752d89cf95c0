import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { CacheEntry, CacheStore } from "../blob-store.ts";

/** One kind of store, as the contract needs it. */
export interface CacheStoreKind {
  /** A second opening sees the same entries. */
  open(): Promise<CacheStore>;
  close(): Promise<void>;
}

const KEY = "a".repeat(64);
const DIGEST = "d".repeat(64);

/** An entry of one output file. */
export function entryOf(path: string, runId = "r1"): CacheEntry {
  return {
    schema: 1,
    runId,
    step: "train",
    durationMs: 12,
    outputs: { model: [{ path, digest: DIGEST, isExecutable: true }], ["__proto__"]: [] },
    references: [],
    logDigest: null,
  };
}

/** What every cache must do; each adapter runs it. */
export function cacheStoreContract(name: string, make: () => Promise<CacheStoreKind>): void {
  describe(`${name} keeps the contract of a cache`, () => {
    let kind: CacheStoreKind;
    let store: CacheStore;
    let other: CacheStore;

    beforeEach(async () => {
      kind = await make();
      store = await kind.open();
      other = await kind.open();
    });

    afterEach(async () => {
      await kind.close();
    });

    test("what was put is got, at once by the same engine and after a flush by another", async () => {
      const entry = entryOf("out/데이터 (1).txt");
      await store.put(KEY, entry);
      expect(await store.get(KEY)).toEqual(entry);
      await store.flush();
      expect(await other.get(KEY)).toEqual(entry);
    });

    test("an unknown key is null, no error", async () => {
      expect(await store.get("b".repeat(64))).toBeNull();
      await store.flush();
    });

    test("of two that write one key the last one wins, and both read a whole entry", async () => {
      await store.put(KEY, entryOf("out/a", "r1"));
      await other.put(KEY, entryOf("out/a", "r2"));
      await store.flush();
      await other.flush();
      expect((await other.get(KEY))?.runId).toBe("r2");
      const read = await (await kind.open()).get(KEY);
      expect(read?.runId).toBe("r2");
    });

    test("many entries of two engines are all there", async () => {
      const keys = Array.from({ length: 300 }, (_none, index) => index.toString(16).padStart(64, "0"));
      await Promise.all(keys.map((key, index) => (index % 2 === 0 ? store : other).put(key, entryOf(`out/${index}`))));
      await Promise.all([store.flush(), other.flush()]);
      const third = await kind.open();
      for (const [index, key] of keys.entries()) expect(await third.get(key)).toEqual(entryOf(`out/${index}`));
    });
  });
}
