import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { expect, test } from "vitest";

import { digestBytes } from "../../../base/file-digest.ts";
import { blobStoreContract } from "../../../engine/testing/blob-store-contract.ts";
import { BlobFolder } from "./blob-folder.ts";

blobStoreContract("a folder of blobs", async () => {
  const folder = mkdtempSync(join(tmpdir(), "greenlight-folder-"));
  return {
    open: async () => new BlobFolder(folder),
    damage: async (digest, bytes) => {
      const path = new BlobFolder(folder).path(digest);
      rmSync(path, { force: true });
      mkdirSync(dirname(path), { recursive: true });
      if (bytes !== null) writeFileSync(path, bytes);
    },
    close: async () => rmSync(folder, { recursive: true, force: true }),
  };
});

test("a folder that is taken away between two writes is made again", async () => {
  const folder = mkdtempSync(join(tmpdir(), "greenlight-folder-"));
  try {
    const blobs = new BlobFolder(join(folder, "blobs"));
    for (const text of ["one", "two"]) {
      const bytes = Buffer.from(text);
      await blobs.putBytes(bytes, digestBytes(bytes));
      expect(await blobs.verify(digestBytes(bytes))).toBe(true);
      rmSync(join(folder, "blobs"), { recursive: true });
    }
    const large = Buffer.alloc(2 * 1024 * 1024);
    writeFileSync(join(folder, "source"), large);
    await blobs.putFile(join(folder, "source"), digestBytes(large));
    rmSync(join(folder, "blobs"), { recursive: true });
    await blobs.putFile(join(folder, "source"), digestBytes(large));
    expect(await blobs.verify(digestBytes(large))).toBe(true);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test("nothing half written is left behind", async () => {
  const folder = mkdtempSync(join(tmpdir(), "greenlight-folder-"));
  try {
    const blobs = new BlobFolder(folder);
    writeFileSync(join(folder, "source"), "changed");
    await expect(blobs.putFile(join(folder, "source"), "0".repeat(64))).rejects.toThrow("changed");
    expect(readdirSync(folder)).toEqual(["source"]);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
