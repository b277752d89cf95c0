import { problem, ProblemError } from "../../base/problem.ts";
import { isSameProcess } from "../../base/process-identity.ts";
import type { RunSummary } from "../../engine/run-store.ts";
import { viewRun, type RunView } from "../../engine/run-view.ts";
import type { Composition } from "../composition.ts";
import type { ProjectPlace } from "../find-project.ts";
import { unknownRun } from "./find-run.ts";

/** A run as it is listed: `interrupted` when its engine is gone and it never ended. */
export interface ListedRun extends Omit<RunSummary, "outcome"> {
  readonly outcome: RunSummary["outcome"] | "interrupted";
}

/** The last runs, newest first. */
export async function listRuns(
  composition: Composition,
  place: ProjectPlace,
  limit: number,
): Promise<readonly ListedRun[]> {
  const runs = await composition.openRuns(place.stateFolder);
  try {
    return (await runs.runs(limit)).map((run) =>
      run.outcome === "running" && !isSameProcess(run.engine) ? { ...run, outcome: "interrupted" } : run,
    );
  } finally {
    await runs.close();
  }
}

/** The named run, or the last one. Throws RUN_UNKNOWN. */
export async function openLastRun(
  composition: Composition,
  place: ProjectPlace,
  id: string | undefined,
): Promise<RunView> {
  const runs = await composition.openRuns(place.stateFolder);
  try {
    const chosen = id ?? (await runs.runs(1))[0]?.id;
    const view = chosen === undefined ? undefined : viewRun(await runs.events(chosen));
    if (view !== undefined) return view;
    if (id !== undefined) throw await unknownRun(runs, id);
    throw new ProblemError([problem("RUN_UNKNOWN", { place: place.folder, message: "nothing ran here yet" })]);
  } finally {
    await runs.close();
  }
}
