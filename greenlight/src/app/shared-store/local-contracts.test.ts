import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { blobStoreContract } from "../../engine/testing/blob-store-contract.ts";
import { cacheStoreContract } from "../../engine/testing/cache-store-contract.ts";
import { folderDefinition, Machine } from "./testing/store-rig.ts";

/** One machine with a shared store in a folder; whoever opens it again works beside it on the same state. */
function machines(): { open(): Machine; close(): Promise<void> } {
  const shared = mkdtempSync(join(tmpdir(), "greenlight-shared-"));
  const opened: Machine[] = [];
  return {
    open: () => {
      const folder = opened[0]?.folder;
      const machine = new Machine({
        definition: folderDefinition(shared),
        ...(folder === undefined ? {} : { folder }),
      });
      opened.push(machine);
      return machine;
    },
    close: async () => {
      for (const machine of opened) await machine.dispose();
      rmSync(shared, { recursive: true, force: true });
    },
  };
}

cacheStoreContract("a local cache with a shared one behind it", async () => {
  const { open, close } = machines();
  return { open: async () => open().store.cache, close };
});

blobStoreContract("a local store of blobs with a shared one behind it", async () => {
  const { open, close } = machines();
  const first = open();
  return {
    open: async () => open().store.blobs,
    damage: async (digest, bytes) => {
      const path = first.blobs.path(digest);
      rmSync(path, { force: true });
      mkdirSync(dirname(path), { recursive: true });
      if (bytes !== null) writeFileSync(path, bytes);
    },
    close,
  };
});
