import { bytesOf, type CleanPlan } from "./clean-plan.ts";
import type { Holdings } from "./holdings.ts";
import { removeOwned } from "./state-files.ts";

const RUNS_AT_ONCE = 50;
const ROWS_AT_ONCE = 1000;

/**
 * Does what the plan says. What refers to something goes before it, and each removal is whole or not at all, so that a process
 * that is killed leaves nothing that leads nowhere; what it left undone the next clean-up finds. `beforeRemoval` is called
 * before each with what is about to go.
 */
export function sweep(
  holdings: Holdings,
  plan: CleanPlan,
  options: { readonly at: string; beforeRemoval?(what: string): void },
): void {
  const tell = (what: string): void => options.beforeRemoval?.(what);
  const runIds = plan.runs.removed.map(({ id }) => id);
  for (const ids of chunks(runIds, RUNS_AT_ONCE)) {
    tell(`records of ${ids.length} runs`);
    holdings.runs.remove(ids, options.at);
  }
  tell("what no run speaks of");
  holdings.runs.removeOrphans();
  for (const keys of chunks(plan.results.removed, ROWS_AT_ONCE)) {
    tell(`${keys.length} results`);
    holdings.work.removeEntries(keys);
  }
  for (const folder of plan.folders) {
    tell(folder.path);
    removeOwned(folder);
  }
  for (const digests of chunks(plan.blobs.small, ROWS_AT_ONCE)) {
    tell(`${digests.length} small files`);
    holdings.work.removeSmallBlobs(digests);
  }
  for (const { path } of plan.blobs.files) {
    tell(path);
    holdings.blobs.remove(path);
  }
  if (bytesOf(plan) === 0) return;
  tell("free pages");
  holdings.runs.compact();
  holdings.work.compact();
}

function chunks<Item>(items: readonly Item[], size: number): Item[][] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, at) => items.slice(at * size, (at + 1) * size));
}
