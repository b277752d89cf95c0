import type { Problem } from "../../base/problem.ts";
import type { Composition } from "../composition.ts";
import type { ProjectPlace } from "../find-project.ts";
import { holdProject } from "../hold-project.ts";
import { loadProject } from "../load-project.ts";
import { listRuns } from "../runs/read-runs.ts";
import { runsToSend } from "../shared-store/unsent-runs.ts";
import { prepareStateFolder } from "../state-folder.ts";
import type { CleanPlan } from "./clean-plan.ts";
import { askEnvironments } from "./environment-facts.ts";
import { makeCleanPlan } from "./make-clean-plan.ts";
import { sweep } from "./sweep.ts";

export interface CleanRequest {
  readonly place: ProjectPlace;
  /** True: only says what would go. */
  readonly isDryRun: boolean;
  beforeRemoval?(what: string): void;
}

export interface Cleaned {
  readonly project: string;
  readonly plan: CleanPlan;
  /** Of environments that could not tell what they need; then every release stays. */
  readonly problems: readonly Problem[];
}

/**
 * Removes from the state folder what the definition's `retention` does not keep and nothing needs. It holds the project meanwhile, so
 * no run is going on; a dry run looks only and holds nothing up. Throws RUN_IN_PROGRESS, STORE_UNREADABLE, STORE_UNWRITABLE, and
 * whatever is wrong with the definition.
 */
export async function cleanProject(composition: Composition, request: CleanRequest): Promise<Cleaned> {
  const { place, isDryRun } = request;
  const { stateFolder } = place;
  const blueprint = await loadProject(place);
  prepareStateFolder(stateFolder);
  const release = isDryRun ? () => undefined : holdProject(stateFolder, "clean");
  try {
    const { clock } = composition;
    const asked = await askEnvironments({ place, blueprint, clock });
    const holdings = await composition.openHoldings(stateFolder);
    try {
      const now = clock.now();
      const runs = await listRuns(composition, place, Number.MAX_SAFE_INTEGER);
      const unsent = runsToSend(stateFolder, now);
      const plan = await makeCleanPlan(holdings, { stateFolder, blueprint, runs, unsent, asked, now });
      const { beforeRemoval } = request;
      const at = new Date(now).toISOString();
      if (!isDryRun) sweep(holdings, plan, { at, ...(beforeRemoval === undefined ? {} : { beforeRemoval }) });
      return { project: blueprint.name, plan, problems: asked.problems };
    } finally {
      holdings.close();
    }
  } finally {
    release();
  }
}
