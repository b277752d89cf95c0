import { mkdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";

import { maskLastWords } from "../../base/last-words.ts";
import { formatProblem, problem, ProblemError } from "../../base/problem.ts";
import { processStartTime } from "../../base/process-identity.ts";
import type { Approver } from "../../engine/approval.ts";
import { recordedContainers } from "../../engine/containers/container-records.ts";
import type { RunEvent, RunResumed } from "../../engine/event.ts";
import { ProjectTree } from "../../engine/files/project-tree.ts";
import { recordedEngines } from "../../engine/processes/engine-folder.ts";
import { runPlan } from "../../engine/run-plan.ts";
import type { RunStore } from "../../engine/run-store.ts";
import type { RunView } from "../../engine/run-view.ts";
import type { EnvironmentSelection, Plan } from "../../pipeline/plan.ts";
import type { Composition } from "../composition.ts";
import type { ProjectPlace } from "../find-project.ts";
import { waitForProject, type Holder } from "../hold-project.ts";
import { lockMachine } from "../machine-lock.ts";
import { repositoryFolder } from "../read-checkout.ts";
import { prepareSecrets } from "../secrets/prepare-secrets.ts";
import { shareRun } from "../shared-store/share-run.ts";
import { prepareStateFolder } from "../state-folder.ts";
import { tellIfSlow } from "../tell-if-slow.ts";
import { GREENLIGHT_VERSION } from "../version.ts";
import { readCancelRequest } from "./cancel-request.ts";

export interface PlanExecution {
  readonly place: ProjectPlace;
  readonly plan: Plan;
  readonly runId: string;
  readonly selection: EnvironmentSelection;
  readonly approver: Approver;
  readonly signal: AbortSignal;
  /** Steps at once; the number of cores when left out. */
  readonly concurrency?: number;
  onEvent(event: RunEvent): void;
  /** Called once when the run has to wait for another one of its concurrency group. */
  onWait?(holder: Holder | null): void;
  /** Something for the person that is no event of the run. */
  onNotice?(line: string): void;
  /** The run so far, when it goes on, and how. */
  readonly earlier?: readonly RunEvent[];
  readonly resume?: Pick<RunResumed, "mode" | "by" | "why" | "again">;
  /** The steps of this part; all when left out. */
  readonly only?: ReadonlySet<string> | null;
}

const GRACE_MS = 5000;
/** Nobody wonders before why a run that has ended does not give the prompt back. */
const QUIET_MS = 2000;

/** Runs a plan in its project, with everything that a run needs opened before and closed after it. */
export async function executePlan(composition: Composition, request: PlanExecution): Promise<RunView> {
  const { place, plan, runId, signal } = request;
  prepareStateFolder(place.stateFolder);
  const release = await waitForProject({
    stateFolder: place.stateFolder,
    runId,
    group: plan.concurrency,
    by: plan.trigger.who,
    clock: composition.clock,
    signal,
    ...(request.onWait === undefined ? {} : { onWait: request.onWait }),
  });
  const steps = stepsIn(place.stateFolder);
  try {
    if (recordedEngines(place.stateFolder).length > 0) await steps.begin();
    if (recordedContainers(place.stateFolder).length > 0) await endContainers(request);
    mkdirSync(join(place.stateFolder, "runs", runId), { recursive: true });
    const { secrets, environmentSecrets, masking } = await prepareSecrets(partOf(plan, request.only ?? null), {
      projectFolder: place.folder,
      env: process.env,
      signal,
    });
    maskLastWords((text) => masking.text(text));
    const runs = await composition.openRuns(place.stateFolder);
    const work = await composition.openWork(place.stateFolder);
    try {
      const { env } = process;
      const sharing = await shareRun({
        place,
        plan,
        runId,
        runs,
        work,
        env,
        signal,
        clock: composition.clock,
        record: recordOf(request),
        onHolder: (holder) => request.onNotice?.(`waits until it is sure that ${holder} is no longer at it …`),
      });
      if (sharing.notice !== null) request.onNotice?.(sharing.notice);
      try {
        await refuseStale(runs, request);
        const view = await runPlan(
          {
            plan,
            projectFolder: place.folder,
            repositoryFolder: repositoryFolder(place.folder),
            stateFolder: place.stateFolder,
            runs,
            index: work.index,
            cache: sharing.cache,
            blobs: sharing.blobs,
            warnings: sharing.warnings,
            tree: new ProjectTree(),
            clock: composition.clock,
            approver: request.approver,
            environmentVariables: process.env,
            secrets,
            environmentSecrets,
            masking,
            concurrency: request.concurrency ?? availableParallelism(),
            graceMs: GRACE_MS,
            signal: sharing.signal,
            cancelRequest: () => readCancelRequest(place.stateFolder, runId),
            lock: lockMachine,
            beforeSteps: steps.begin,
          },
          {
            runId,
            engine: { pid: process.pid, startTime: processStartTime(process.pid) ?? "" },
            greenlightVersion: GREENLIGHT_VERSION,
            selection: request.selection,
            listeners: [request.onEvent, ...sharing.listeners],
            earlier: request.earlier ?? [],
            ...(request.resume === undefined ? {} : { resume: request.resume }),
            only: request.only ?? null,
          },
        );
        await finishReport(request, view, composition.clock.now());
        return view;
      } finally {
        await tellIfSlow(sharing.close(), {
          clock: composition.clock,
          afterMs: QUIET_MS,
          tell: () => request.onNotice?.("the run has ended; what it made is still being sent to the shared store …"),
        });
        for (const late of sharing.warnings.unheard) request.onNotice?.(`warning: ${formatProblem(late)}`);
      }
    } finally {
      work.index.close();
      await runs.close();
    }
  } finally {
    await steps.end();
    release();
  }
}

/** What runs that were killed left: containers are no children of their steps. */
async function endContainers({ place, onNotice }: PlanExecution): Promise<void> {
  const { endAbandonedContainers } = await import("../../engine/containers/end-containers.ts");
  const count = await endAbandonedContainers(place.stateFolder);
  if (count > 0) onNotice?.(`removed ${count === 1 ? "a container" : `${count} containers`} that an earlier run left`);
}

/** See `beginSteps`. What starts processes is loaded when there is a step to start, or one that a dead engine left. */
function stepsIn(stateFolder: string): { begin(): Promise<void>; end(): Promise<void> } {
  let begun: Promise<() => Promise<void>> | null = null;
  const load = async (): Promise<() => Promise<void>> =>
    (await import("../../engine/steps/step-process.ts")).beginSteps(stateFolder);
  return {
    begin: async () => {
      await (begun ??= load());
    },
    end: async () => {
      if (begun !== null) await (await begun)();
    },
  };
}

/** Parts of one run on several machines at once hand their events over themselves. */
function recordOf({ earlier = [], only = null }: PlanExecution): "new" | "continued" | "unrecorded" {
  if (only !== null) return "unrecorded";
  return earlier.length > 0 ? "continued" : "new";
}

/** A part of a run is given the secrets of its own steps, and has no use for any other. */
function partOf(plan: Plan, only: ReadonlySet<string> | null): Plan {
  if (only === null) return plan;
  const own = (steps: Plan["finally"]): Plan["finally"] => steps.filter((step) => only.has(step.name));
  const stages = plan.stages.map((stage) => ({ ...stage, steps: own(stage.steps) }));
  return { ...plan, stages, finally: own(plan.finally) };
}

/** Between reading the run so far and holding the project, another engine may have gone on with it. */
async function refuseStale(runs: RunStore, { runId, earlier = [] }: PlanExecution): Promise<void> {
  const last = earlier.at(-1)?.sequence;
  if (last === undefined || (await runs.events(runId, last)).length === 0) return;
  const message = "it went on in another process meanwhile";
  throw new ProblemError([problem("RUN_IN_PROGRESS", { place: runId, message })]);
}

/** The findings of a run are always written down. The report step could not see the run's end; now the report gets it. */
async function finishReport(
  { place: { stateFolder }, onNotice }: PlanExecution,
  view: RunView,
  nowMs: number,
): Promise<void> {
  const steps = view.stages.flatMap((stage) => stage.steps);
  if (steps.some((step) => typeof step.facts["html"] === "string")) {
    const { writeReport } = await import("../write-report.ts");
    await writeReport(stateFolder, view, nowMs);
  } else if (steps.some((step) => step.evidence.some(({ kind }) => kind === "findings"))) {
    const { writeFindings } = await import("../write-findings.ts");
    // It costs a file, not the run: what was found stands in its record.
    await writeFindings(stateFolder, view).catch((error: unknown) => {
      onNotice?.(`warning: the findings can't be written to a file: ${(error as Error).message}`);
    });
  }
}
