import { randomBytes } from "node:crypto";
import { mkdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";

import { timeOrderedId } from "../base/ids.ts";
import { problem, ProblemError } from "../base/problem.ts";
import { processStartTime } from "../base/process-identity.ts";
import type { Approver } from "../engine/approval.ts";
import type { RunEvent } from "../engine/event.ts";
import { runPlan } from "../engine/run-plan.ts";
import type { RunView } from "../engine/run-view.ts";
import { endAbandonedSteps } from "../engine/step-process.ts";
import type { Blueprint } from "../pipeline/blueprint.ts";
import { makePlan } from "../pipeline/make-plan.ts";
import type { EnvironmentSelection, Plan } from "../pipeline/plan.ts";
import type { Composition } from "./composition.ts";
import type { ProjectPlace } from "./find-project.ts";
import { holdProject } from "./hold-project.ts";
import { readTrigger, repositoryFolder } from "./read-checkout.ts";
import { prepareStateFolder } from "./state-folder.ts";
import { GREENLIGHT_VERSION } from "./version.ts";

export interface RunRequest {
  readonly place: ProjectPlace;
  readonly blueprint: Blueprint;
  readonly pipeline: string;
  readonly selection: EnvironmentSelection;
  readonly approver: Approver;
  readonly signal: AbortSignal;
  /** Steps at once; the number of cores when left out. */
  readonly concurrency?: number;
  onEvent(event: RunEvent): void;
}

const GRACE_MS = 5000;

/** Plans and runs a pipeline to its end. Throws a ProblemError when it can't even start. */
export async function runPipeline(composition: Composition, request: RunRequest): Promise<RunView> {
  const { place } = request;
  const runId = timeOrderedId(composition.clock.now(), () => (randomBytes(1)[0] ?? 0) % 32);
  prepareStateFolder(place.stateFolder);
  const release = holdProject(place.stateFolder, runId);
  try {
    endAbandonedSteps(join(place.stateFolder, "runs"));
    mkdirSync(join(place.stateFolder, "runs", runId), { recursive: true });
    const plan = await planFor(request);
    const runs = await composition.openRuns(place.stateFolder);
    const index = await composition.openIndex(place.stateFolder);
    const { cache, blobs } = await composition.openCache(place.stateFolder);
    try {
      const view = await runPlan(
        {
          plan,
          projectFolder: place.folder,
          repositoryFolder: repositoryFolder(place.folder),
          stateFolder: place.stateFolder,
          runs,
          cache,
          blobs,
          index,
          clock: composition.clock,
          approver: request.approver,
          environmentVariables: process.env,
          concurrency: request.concurrency ?? availableParallelism(),
          graceMs: GRACE_MS,
          signal: request.signal,
        },
        {
          runId,
          engine: { pid: process.pid, startTime: processStartTime(process.pid) ?? "" },
          greenlightVersion: GREENLIGHT_VERSION,
          selection: request.selection,
          listeners: [request.onEvent],
        },
      );
      await finishReport(place.stateFolder, view, composition.clock.now());
      return view;
    } finally {
      index.close();
      await runs.close();
    }
  } finally {
    release();
  }
}

/** The report step could not see the run's end; now the report gets it. */
async function finishReport(stateFolder: string, view: RunView, nowMs: number): Promise<void> {
  const hasReport = view.stages.some((stage) => stage.steps.some((step) => typeof step.facts["html"] === "string"));
  if (!hasReport) return;
  const { writeReport } = await import("./write-report.ts");
  await writeReport(stateFolder, view, nowMs);
}

/** The plan for the checkout as it is. Throws a ProblemError when the pipeline is unknown. */
export async function planFor(
  request: Pick<RunRequest, "place" | "blueprint" | "pipeline" | "selection">,
): Promise<Plan> {
  const trigger = await readTrigger(request.place.folder, process.env);
  const planned = makePlan(request.blueprint, { ...request, trigger });
  if (!planned.ok) throw new ProblemError(planned.error);
  return planned.value;
}

/** The pipeline that was named; `delivery` or the only one when none was. Throws PIPELINE_UNKNOWN. */
export function choosePipeline(blueprint: Blueprint, named: string | undefined): string {
  const names = Object.keys(blueprint.pipelines);
  const chosen = named ?? (names.includes("delivery") ? "delivery" : names.length === 1 ? names[0] : undefined);
  if (chosen !== undefined && names.includes(chosen)) return chosen;
  throw new ProblemError([
    problem("PIPELINE_UNKNOWN", {
      place: chosen ?? "pipeline",
      message: `the project has these pipelines: ${names.join(", ")}`,
    }),
  ]);
}
