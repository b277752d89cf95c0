import type { Problem } from "../base/problem.ts";
import type { BlobStore, CacheStore } from "../engine/blob-store.ts";
import type { RunStore } from "../engine/run-store.ts";
import type { Blueprint } from "../pipeline/blueprint.ts";
import type { Composition } from "./composition.ts";
import type { ProjectPlace } from "./find-project.ts";
import type { SharedStore } from "./shared-store/open-shared-store.ts";
import { prepareStateFolder } from "./state-folder.ts";

export interface Stores {
  readonly runs: RunStore;
  /** These two are filled from the shared store where the project has one. */
  readonly cache: CacheStore;
  readonly blobs: BlobStore;
  /** Null: the definition names none. */
  readonly shared: SharedStore | null;
}

/** Opens what a project has kept of its runs, for a command that runs nothing. What is wrong with a shared store goes to `onWarning`. */
export async function withStores<Answer>(
  composition: Composition,
  options: { readonly place: ProjectPlace; readonly blueprint: Blueprint; onWarning(problem: Problem): void },
  use: (stores: Stores) => Promise<Answer>,
): Promise<Answer> {
  const { place, blueprint } = options;
  prepareStateFolder(place.stateFolder);
  const runs = await composition.openRuns(place.stateFolder);
  const work = await composition.openWork(place.stateFolder);
  try {
    if (blueprint.store === null) return await use({ runs, cache: work.cache, blobs: work.blobs, shared: null });
    const { openSharedStore } = await import("./shared-store/open-shared-store.ts");
    const shared = openSharedStore({
      definition: blueprint.store,
      project: blueprint.name,
      projectFolder: place.folder,
      stateFolder: place.stateFolder,
      env: process.env,
      trigger: { kind: "manual" },
      localCache: work.cache,
      localBlobs: work.blobs,
      clock: composition.clock,
      onWarning: (problem) => options.onWarning(problem),
    });
    try {
      return await use({ runs, cache: shared.cache, blobs: shared.blobs, shared });
    } finally {
      await shared.close();
    }
  } finally {
    work.index.close();
    await runs.close();
  }
}
