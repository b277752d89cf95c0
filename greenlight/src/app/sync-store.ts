import { problem, ProblemError, type Problem } from "../base/problem.ts";
import type { Composition } from "./composition.ts";
import type { ProjectPlace } from "./find-project.ts";
import { holdProject } from "./hold-project.ts";
import { loadProject } from "./load-project.ts";
import { sendUnsent, type SentRuns } from "./shared-store/send-unsent.ts";
import { unsentRuns } from "./shared-store/unsent-runs.ts";
import { prepareStateFolder } from "./state-folder.ts";
import { withStores } from "./with-stores.ts";

const LIMIT_MS = 30 * 60_000;

/**
 * Sends to the shared store what it missed of the runs on this machine. What is wrong with the store goes to `onWarning`. Throws
 * STORE_BEHIND when the definition names no store or this machine may not write to it, RUN_IN_PROGRESS, STORE_KEY_INVALID.
 */
export async function syncStore(
  composition: Composition,
  options: { readonly place: ProjectPlace; readonly signal: AbortSignal; onWarning(problem: Problem): void },
): Promise<SentRuns> {
  const { place, signal } = options;
  const blueprint = await loadProject(place);
  prepareStateFolder(place.stateFolder);
  const release = holdProject(place.stateFolder, "store sync");
  try {
    return await withStores(composition, { ...options, blueprint }, async ({ runs, shared: store }) => {
      if (store === null) throw behind(place.configPath, "the definition names no shared store");
      if (store.readOnlyBecause !== null) throw behind(store.place, `it is only read here: ${store.readOnlyBecause}`);
      const runIds = unsentRuns(place.stateFolder, composition.clock.now());
      return sendUnsent({ store, stateFolder: place.stateFolder, runs, runIds, limitMs: LIMIT_MS, signal });
    });
  } finally {
    release();
  }
}

function behind(place: string, message: string): ProblemError {
  return new ProblemError([problem("STORE_BEHIND", { place, message })]);
}
