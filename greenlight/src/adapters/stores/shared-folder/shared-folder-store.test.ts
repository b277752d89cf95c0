import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { objectStoreContract } from "../../../engine/testing/object-store-contract.ts";
import { openObjectStore } from "./index.ts";
import { SharedFolderStore } from "./shared-folder-store.ts";

const open = (path: string): ReturnType<typeof openObjectStore> => openObjectStore({ path }, { projectFolder: "/" });

const refuseLink = async (): Promise<void> => {
  throw Object.assign(new Error("EPERM: operation not permitted, link"), { code: "EPERM" });
};

objectStoreContract("a shared folder", async () => {
  const root = mkdtempSync(join(tmpdir(), "greenlight-folder-"));
  return {
    open: () => open(root),
    openAbsent: () => open(join(root, "not-mounted")),
    close: async () => rmSync(root, { recursive: true, force: true }),
  };
});

objectStoreContract("a shared folder whose file system knows no links", async () => {
  const root = mkdtempSync(join(tmpdir(), "greenlight-folder-"));
  return {
    open: async () => new SharedFolderStore(root, { link: refuseLink }),
    openAbsent: () => open(join(root, "not-mounted")),
    close: async () => rmSync(root, { recursive: true, force: true }),
  };
});
