import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";

import { problem, type Problem } from "../../../base/problem.ts";
import { readDeployments, removeDeployment } from "./deployment-records.ts";
import type { Place } from "./place.ts";
import { recordIds } from "./record-ids.ts";

const KEPT_RECORD_COUNT = 100;
const KEPT_PREDICTION_LOG_COUNT = 10;

/**
 * Removes what no release in use needs: files, compile caches, old records, old prediction logs. The manifests of recorded
 * deployments stay, so that one can go back to any of them as long as the store has its files.
 */
export async function prune(place: Place, keepDigests: readonly string[]): Promise<readonly Problem[]> {
  const { paths } = place;
  const recorded = (await readDeployments(place)).slice(0, KEPT_RECORD_COUNT).map(({ digest }) => `${digest}.json`);
  const kept = new Set([...recorded, ...keepDigests, ...keepDigests.map((digest) => `${digest}.json`)]);
  const isKept = (name: string): boolean => kept.has(name);
  const ids = await recordIds(paths.deployments);
  const logged = new Set(ids.slice(0, KEPT_PREDICTION_LOG_COUNT).map((id) => `${id}.jsonl`));
  try {
    await removeUnless(paths.releases, isKept);
    await removeUnless(join(paths.compileCache, "releases"), isKept);
    await removeUnless(paths.predictions, (name) => logged.has(name) || !/^[0-9a-z]{16}\.jsonl$/.test(name));
    for (const id of ids.slice(KEPT_RECORD_COUNT)) {
      await removeDeployment(place, id);
      await rm(join(paths.approvals, `${id}.json`), { force: true });
    }
    return [];
  } catch (error) {
    return [problem("STORE_UNWRITABLE", { place: paths.releases, message: (error as Error).message })];
  }
}

async function removeUnless(folder: string, isKept: (name: string) => boolean): Promise<void> {
  const names = await readdir(folder).catch(() => []);
  for (const name of names) if (!isKept(name)) await rm(join(folder, name), { recursive: true, force: true });
}
