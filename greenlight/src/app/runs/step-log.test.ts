import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { BlobFolder } from "../../adapters/stores/folder/blob-folder.ts";
import { SmallBlobs } from "../../adapters/stores/sqlite/small-blobs.ts";
import { WorkDatabase } from "../../adapters/stores/sqlite/work-database.ts";
import { digestBytes } from "../../base/file-digest.ts";
import type { Composition } from "../composition.ts";
import type { ProjectPlace } from "../find-project.ts";
import { StepLogs } from "./step-log.ts";

const LOG = Buffer.from("3201 films\n");

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "greenlight-step-log-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

test("a small log of an earlier run is read where no file can be made for it, and nothing is left of that", async () => {
  // A file stands where the blobs' folder would be.
  writeFileSync(join(folder, "blobs"), "");
  const openWork: Composition["openWork"] = async () => {
    const { index, cache, bytes } = new WorkDatabase(join(folder, "work.sqlite"));
    return { index, cache, blobs: new SmallBlobs(bytes, new BlobFolder(join(folder, "blobs"))) };
  };
  const digest = digestBytes(LOG);
  const { blobs, index } = await openWork(folder);
  await blobs.putBytes(LOG, digest);
  index.close();
  const place = { folder, stateFolder: folder } as ProjectPlace;
  const logs = new StepLogs({ openWork } as Composition, place, "01run");
  const path = await logs.path({ name: "train", logDigest: digest });
  expect(readFileSync(path ?? "")).toEqual(LOG);
  logs.close();
  expect(() => readFileSync(dirname(path ?? ""))).toThrow("ENOENT");
});
