import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { digestBytes } from "../../../base/file-digest.ts";
import { blobStoreContract } from "../../../engine/testing/blob-store-contract.ts";
import { BlobFolder } from "../folder/blob-folder.ts";
import { SmallBlobs } from "./small-blobs.ts";
import { WorkDatabase } from "./work-database.ts";

/** Small blobs in a database, the others in a folder, both in a folder of their own. */
class Place {
  readonly folder = mkdtempSync(join(tmpdir(), "greenlight-small-"));
  readonly #open: WorkDatabase[] = [];

  open(): SmallBlobs {
    // What was gathered so far is there for whoever opens it next.
    for (const each of this.#open) each.index.flush();
    const work = new WorkDatabase(join(this.folder, "work.sqlite"));
    this.#open.push(work);
    return new SmallBlobs(work.bytes, new BlobFolder(join(this.folder, "blobs")));
  }

  damage(digest: string, bytes: Uint8Array | null): void {
    const path = new BlobFolder(join(this.folder, "blobs")).path(digest);
    rmSync(path, { force: true, recursive: true });
    mkdirSync(dirname(path), { recursive: true });
    if (bytes !== null) writeFileSync(path, bytes);
    for (const work of this.#open) {
      if (work.bytes.get(digest) === null) continue;
      if (bytes === null) work.bytes.delete(digest);
      else work.bytes.put(digest, bytes);
      work.index.flush();
    }
  }

  close(): void {
    for (const work of this.#open) work.close();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

blobStoreContract("a database of small blobs with a folder of large ones", async () => {
  const place = new Place();
  return {
    open: async () => place.open(),
    damage: async (digest, bytes) => place.damage(digest, bytes),
    close: async () => place.close(),
  };
});

describe("small blobs", () => {
  let place: Place;
  beforeEach(() => {
    place = new Place();
  });
  afterEach(() => place.close());

  const small = Buffer.from("a film");
  const digest = digestBytes(small);

  test("make no file until somebody wants one", async () => {
    const blobs = place.open();
    await blobs.putBytes(small, digest);
    expect(readdirSync(place.folder)).not.toContain("blobs");
    const path = await place.open().localPath(digest);
    expect(readFileSync(path ?? "")).toEqual(small);
  });

  test("that were altered are neither copied nor handed out, and are gone then", async () => {
    for (const ask of ["verify", "copyTo", "localPath"] as const) {
      const blobs = place.open();
      await blobs.putBytes(small, digest);
      place.damage(digest, Buffer.from("a fake"));
      rmSync(join(place.folder, "blobs"), { recursive: true });
      const target = join(place.folder, "target");
      const answer =
        ask === "copyTo" ? await blobs.copyTo(digest, target, { isExecutable: false }) : await blobs[ask](digest);
      expect([ask, answer]).toEqual([ask, ask === "localPath" ? null : false]);
      expect(await blobs.has(digest)).toBe(false);
    }
  });
});
