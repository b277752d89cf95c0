import { join } from "node:path";

import { BlobFolder } from "./adapters/stores/folder/blob-folder.ts";
import { RunDatabase } from "./adapters/stores/sqlite/run-database.ts";
import { SmallBlobs } from "./adapters/stores/sqlite/small-blobs.ts";
import { WorkDatabase } from "./adapters/stores/sqlite/work-database.ts";
import type { WorkStores } from "./app/composition.ts";
import type { RunStore } from "./engine/run-store.ts";

/** A part of the composition root, in one file because commands open both stores and each file costs them a look for it. */
export function openRuns(stateFolder: string): RunStore {
  return new RunDatabase(join(stateFolder, "runs.sqlite"));
}

export function openWork(stateFolder: string, how: { readonly isLooking?: boolean } = {}): WorkStores {
  const { index, cache, bytes } = new WorkDatabase(join(stateFolder, "work.sqlite"), how);
  return { index, cache, blobs: new SmallBlobs(bytes, new BlobFolder(join(stateFolder, "store", "blobs"))) };
}
