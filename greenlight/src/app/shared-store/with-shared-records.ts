import type { Problem } from "../../base/problem.ts";
import type { StoreDescriptor } from "../../pipeline/definition.ts";
import type { Composition } from "../composition.ts";
import type { ProjectPlace } from "../find-project.ts";
import { prepareStateFolder } from "../state-folder.ts";
import type { RunRecords } from "./run-records.ts";

/**
 * Opens the shared store for as long as `read` takes, for commands that only look at runs. What is wrong with the store goes to
 * `onWarning`. Throws STORE_KEY_INVALID.
 */
export async function withSharedRecords<Answer>(
  composition: Composition,
  options: {
    readonly place: ProjectPlace;
    /** The project's name. */
    readonly project: string;
    readonly definition: StoreDescriptor;
    readonly env: Readonly<Record<string, string | undefined>>;
    onWarning(problem: Problem): void;
  },
  read: (records: RunRecords) => Promise<Answer>,
): Promise<Answer> {
  const { place } = options;
  prepareStateFolder(place.stateFolder);
  const [{ openSharedStore }, work] = await Promise.all([
    import("./open-shared-store.ts"),
    composition.openWork(place.stateFolder),
  ]);
  try {
    const store = openSharedStore({
      ...options,
      projectFolder: place.folder,
      stateFolder: place.stateFolder,
      trigger: { kind: "manual" },
      localCache: work.cache,
      localBlobs: work.blobs,
      clock: composition.clock,
    });
    try {
      return await read(store.records);
    } finally {
      await store.close();
    }
  } finally {
    work.index.close();
  }
}
