import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { digestBytes } from "../../base/file-digest.ts";
import type { BlobStore } from "../blob-store.ts";

/** One kind of store, as the contract needs it. */
export interface BlobStoreKind {
  /** A second opening sees the same blobs. */
  open(): Promise<BlobStore>;
  /** Overwrites what the store holds of the blob; with null, takes it away. */
  damage(digest: string, bytes: Uint8Array | null): Promise<void>;
  close(): Promise<void>;
}

const PLAIN = { isExecutable: false };

/** Sizes around those at which stores change their way of copying. */
const SIZES = [0, 1, 256 * 1024, 1024 * 1024, 1024 * 1024 + 1, 17 * 1024 * 1024];

/** What every blob store must do; each adapter runs it. */
export function blobStoreContract(name: string, make: () => Promise<BlobStoreKind>): void {
  describe(`${name} keeps the contract of a blob store`, () => {
    let kind: BlobStoreKind;
    let store: BlobStore;
    let folder: string;

    beforeEach(async () => {
      folder = mkdtempSync(join(tmpdir(), "greenlight-blobs-"));
      kind = await make();
      store = await kind.open();
    });

    afterEach(async () => {
      await kind.close();
      rmSync(folder, { recursive: true, force: true });
    });

    const path = (file: string): string => join(folder, file);
    const write = (file: string, bytes: Uint8Array): string => {
      writeFileSync(path(file), bytes);
      return digestBytes(bytes);
    };

    test.each(SIZES)("%i bytes come back as they were, with their executable bit", async (size) => {
      const bytes = Buffer.alloc(size, `${size} `);
      const digest = write("source", bytes);
      expect(await store.has(digest)).toBe(false);
      expect(await store.copyTo(digest, path("out/none"), PLAIN)).toBe(false);
      expect(existsSync(path("out/none"))).toBe(false);
      await store.putFile(path("source"), digest);
      const other = await kind.open();
      expect([await other.has(digest), await other.verify(digest)]).toEqual([true, true]);
      for (const isExecutable of [true, false]) {
        expect(await other.copyTo(digest, path("out/deep/target"), { isExecutable })).toBe(true);
        expect(readFileSync(path("out/deep/target")).equals(bytes)).toBe(true);
        expect((statSync(path("out/deep/target")).mode & 0o111) !== 0).toBe(isExecutable);
      }
      expect(readFileSync((await other.localPath(digest)) ?? "").equals(bytes)).toBe(true);
    });

    test("bytes and a file of the same content are one blob, and putting it again changes nothing", async () => {
      const bytes = Buffer.from("films");
      const digest = write("source", bytes);
      await store.putBytes(bytes, digest);
      await store.putFile(path("source"), digest);
      await store.putBytes(bytes, digest);
      expect(await store.verify(digest)).toBe(true);
    });

    test.each([10, 2 * 1024 * 1024])("a file of %i bytes that is not what was said is refused", async (size) => {
      const digest = write("source", Buffer.alloc(size, "a"));
      write("source", Buffer.alloc(size, "b"));
      await expect(store.putFile(path("source"), digest)).rejects.toMatchObject({
        problems: [{ code: "SOURCE_CHANGED" }],
      });
      expect(await store.has(digest)).toBe(false);
    });

    test.each([
      ["torn", 10, (bytes: Buffer) => bytes.subarray(0, 4)],
      ["of the same size with other bytes", 10, (bytes: Buffer) => Buffer.alloc(bytes.length, "z")],
      ["longer", 10, (bytes: Buffer) => Buffer.concat([bytes, bytes])],
      ["empty", 10, () => Buffer.alloc(0)],
      ["large, with one other bit", 2 * 1024 * 1024, (bytes: Buffer) => bytes.with(99, 1)],
    ] as const)("a blob that is %s is never handed out, and can be put anew", async (_how, size, change) => {
      const bytes = Buffer.alloc(size, "abc");
      const digest = write("source", bytes);
      await store.putFile(path("source"), digest);
      const spoilt = change(bytes);
      await kind.damage(digest, spoilt);
      writeFileSync(path("target"), "before");
      expect(await store.copyTo(digest, path("target"), PLAIN)).toBe(false);
      expect(readFileSync(path("target"), "utf8")).toBe("before");
      await kind.damage(digest, spoilt);
      expect(await store.verify(digest)).toBe(false);
      await store.putFile(path("source"), digest);
      expect(await store.verify(digest)).toBe(true);
      expect(await store.copyTo(digest, path("target"), PLAIN)).toBe(true);
    });

    test("a blob that was taken away is absent", async () => {
      const digest = write("source", Buffer.from("films"));
      await store.putFile(path("source"), digest);
      await kind.damage(digest, null);
      expect([await store.has(digest), await store.verify(digest)]).toEqual([false, false]);
      expect(await store.localPath(digest)).toBeNull();
      await store.putFile(path("source"), digest);
      expect(await store.verify(digest)).toBe(true);
    });

    test("many that put one blob at once all succeed", async () => {
      const bytes = Buffer.alloc(1024 * 1024 + 10, "x");
      const digest = write("source", bytes);
      const stores = await Promise.all(Array.from({ length: 8 }, () => kind.open()));
      await Promise.all(stores.map((each) => each.putFile(path("source"), digest)));
      const targets = stores.map((each, index) => each.copyTo(digest, path(`target-${index}`), PLAIN));
      expect(await Promise.all(targets)).toEqual(stores.map(() => true));
      expect(await store.verify(digest)).toBe(true);
    });

    test("a target that can't be written rejects, and leaves nothing beside it", async () => {
      const digest = write("source", Buffer.from("films"));
      await store.putFile(path("source"), digest);
      mkdirSync(path("target/inside"), { recursive: true });
      await expect(store.copyTo(digest, path("target"), PLAIN)).rejects.toThrow("EISDIR");
      expect(existsSync(path("target/inside"))).toBe(true);
    });

    test("what is no digest is no path either", async () => {
      for (const digest of ["", "../../etc/passwd", "A".repeat(64), "a".repeat(63), `${"a".repeat(64)}/..`]) {
        await expect(store.has(digest)).rejects.toThrow("not a SHA-256");
        await expect(store.copyTo(digest, path("target"), PLAIN)).rejects.toThrow("not a SHA-256");
      }
    });
  });
}
