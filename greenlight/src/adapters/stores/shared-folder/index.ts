import { resolve } from "node:path";

import { problem, ProblemError } from "../../../base/problem.ts";
import type { ObjectStore } from "../../../engine/object-store.ts";
import { readFolderOptions } from "./options.ts";
import { SharedFolderStore } from "./shared-folder-store.ts";

/** Opens a store in a folder without touching it yet. Throws CONFIG_INVALID for options that make no sense. */
export async function openObjectStore(
  given: Readonly<Record<string, unknown>>,
  context: { readonly projectFolder: string },
): Promise<ObjectStore> {
  try {
    return new SharedFolderStore(resolve(context.projectFolder, readFolderOptions(given).path));
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new ProblemError([problem("CONFIG_INVALID", { place: "store", message })], { cause: error });
  }
}
