import { readEither, writeTwice } from "../base/durable-file.ts";
import type { Problem } from "../base/problem.ts";
import { ok, type Result } from "../base/result.ts";
import type { EnvironmentFolder } from "./environment-folder.ts";
import { keepSlotSecrets } from "./slot-secrets.ts";
import { NOTHING_DESIRED, parseDesiredState, type DesiredState } from "./wire.ts";

/** What should run, on disk before it is acted upon. One writer: the holder of the keeper's lock. */
export interface DesiredStore {
  current(): DesiredState;
  /** Rejects with the system's error; the old state then stands, on disk and here. */
  change(change: Partial<DesiredState>): Promise<void>;
}

/** STORE_UNREADABLE when neither the file nor its copy can be read: then nothing may be started or ended on a guess. */
export async function openDesiredStore(paths: EnvironmentFolder): Promise<Result<DesiredStore, Problem>> {
  const read = await readEither(paths.desired, parseDesiredState);
  if (!read.ok) return read;
  let current = read.value ?? NOTHING_DESIRED;
  return ok({
    current: () => current,
    change: async (change) => {
      const next = { ...current, ...change };
      await writeTwice(paths.desired, next);
      current = next;
      // What no slot needs any more must not lie about; one that can't be removed goes with the next change.
      const ids = Object.values(next.slots).flatMap((slot) => slot?.deploymentId ?? []);
      if (change.slots !== undefined) await keepSlotSecrets(paths, new Set(ids)).catch(() => {});
    },
  });
}
