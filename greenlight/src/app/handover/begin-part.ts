import { problem, ProblemError } from "../../base/problem.ts";
import { processStartTime } from "../../base/process-identity.ts";
import type { RunEvent, RunResumed, StepEnded } from "../../engine/event.ts";
import { viewRun, type StepView } from "../../engine/run-view.ts";
import { makePlan } from "../../pipeline/make-plan.ts";
import type { Plan, PlannedStep, RunTrigger } from "../../pipeline/plan.ts";
import type { Composition } from "../composition.ts";
import { readTrigger } from "../read-checkout.ts";
import { prepareStateFolder } from "../state-folder.ts";
import { GREENLIGHT_VERSION } from "../version.ts";
import { checkEarlier } from "./check-earlier.ts";
import { checkUnchanged } from "./check-unchanged.ts";
import { chooseSteps, FINALLY } from "./choose-steps.ts";
import { closePending } from "./close-pending.ts";
import { readParts } from "./handover-folder.ts";
import { importParts } from "./import-parts.ts";
import type { PartRequest } from "./open-part.ts";
import { preparedSteps } from "./prepared-steps.ts";
import { restoreNeeds } from "./restore-needs.ts";

export interface BegunPart {
  readonly plan: Plan;
  readonly only: ReadonlySet<string>;
  /** The run so far, as the run store has it. */
  readonly events: readonly RunEvent[];
  readonly resume: Pick<RunResumed, "mode" | "by" | "why" | "again">;
  /** Parts that this one goes on from. */
  readonly parts: readonly string[];
  /** How many of the events other parts recorded; those behind them are this one's. */
  readonly earlierCount: number;
  /** Steps of which no part tells what became of them. */
  readonly lost: readonly string[];
}

type BeginRequest = PartRequest & { readonly runId: string; readonly part: string };

/**
 * Brings what earlier parts left into this machine's stores and into the project's folder, and settles what this part has to run.
 * Throws HANDOVER_INCOMPLETE, HANDOVER_REFUSED, STAGE_UNKNOWN, STEP_UNKNOWN.
 */
export async function beginPart(composition: Composition, request: BeginRequest): Promise<BegunPart> {
  const { place, runId, handover } = request;
  const found = handover === undefined ? [] : await readParts(handover);
  prepareStateFolder(place.stateFolder);
  const runs = await composition.openRuns(place.stateFolder);
  const work = await composition.openWork(place.stateFolder);
  try {
    const recorded = await runs.events(runId);
    const isHandedOver = found.length > 0;
    const { plan, only: own } = await choose(request, isHandedOver ? undefined : recorded[0]);
    const prepared = preparedSteps(plan, own);
    const only = new Set([...prepared, ...own]);
    const wanted = {
      runId,
      project: plan.project,
      pipeline: plan.pipeline,
      commit: plan.trigger.commit,
      greenlightVersion: GREENLIGHT_VERSION,
    };
    const { cache, blobs, index } = work;
    const imported = isHandedOver
      ? await importParts(found, wanted, { plan, runs, cache, blobs })
      : { events: recorded, outputs: new Map<string, never>(), parts: [] };
    if (!isHandedOver) await checkUnchanged(recorded, { plan, only, runs, index, projectFolder: place.folder });
    const isLast = request.selection.stages.includes(FINALLY);
    const ends = closePending(plan, stepsOf(imported.events), { only, isLast, isCancelled: request.isCancelled });
    const closing = recordOf(ends, { events: imported.events, at: composition.clock.now(), by: request.by });
    const events = [...imported.events, ...closing];
    const steps = stepsOf(events);
    const problems = checkEarlier(plan, only, steps);
    if (problems.length > 0) throw new ProblemError(problems);
    await restoreNeeds(plan, { only, outputs: imported.outputs, projectFolder: place.folder, index, blobs });
    if (closing.length > 0) await runs.append(...closing);
    const why = `part ${request.part}: ${request.selection.stages.join(", ")}`;
    return {
      plan,
      only,
      events,
      resume: {
        mode: "stage",
        by: request.by,
        why,
        again: [...prepared.filter((name) => isDone(steps, name)), ...againOf(plan, own, steps)],
      },
      parts: imported.parts,
      earlierCount: imported.events.length,
      lost: closing.length === 0 ? [] : ends.filter((end) => end.problems.length > 0).map((end) => end.step),
    };
  } finally {
    work.index.close();
    await runs.close();
  }
}

/** What began the run here decides what it is; a checkout at another commit is another run's. */
async function choose(
  request: BeginRequest,
  first: RunEvent | undefined,
): Promise<{ readonly plan: Plan; readonly only: ReadonlySet<string> }> {
  const now = await readTrigger(request.place.folder, process.env);
  const begun = first?.type === "run-started" ? first : undefined;
  const trigger: RunTrigger =
    begun === undefined ? now : { ...begun.trigger, commit: now.commit, isDirty: now.isDirty };
  if (begun !== undefined && (begun.trigger.commit !== now.commit || begun.pipeline !== request.pipeline)) {
    const message = `the run is of ${begun.pipeline} at ${begun.trigger.commit ?? "no commit"}, and this is ${request.pipeline} at ${now.commit ?? "no commit"}`;
    throw new ProblemError([problem("HANDOVER_REFUSED", { place: request.runId, message })]);
  }
  const { blueprint, pipeline } = request;
  const planned = makePlan(blueprint, { pipeline, trigger, selection: "branch" });
  if (!planned.ok) throw new ProblemError(planned.error);
  const definition = blueprint.pipelines[pipeline];
  if (definition === undefined) throw new Error(`no pipeline ${pipeline}`);
  const chosen = chooseSteps(planned.value, definition, request.selection);
  if (!chosen.ok) throw new ProblemError(chosen.error);
  return { plan: planned.value, only: chosen.value };
}

function stepsOf(events: readonly RunEvent[]): ReadonlyMap<string, StepView> {
  const view = viewRun(events);
  return new Map(view?.stages.flatMap((stage) => stage.steps.map((step) => [step.name, step] as const)));
}

/** The ends of steps that never started, recorded as what this part adds; nothing when the run has not begun. */
function recordOf(
  ends: readonly StepEnded[],
  run: { readonly events: readonly RunEvent[]; readonly at: number; readonly by: string },
): readonly RunEvent[] {
  const last = run.events.at(-1);
  const heads = run.events.findLast((event) => event.type === "run-started" || event.type === "run-resumed");
  if (ends.length === 0 || last === undefined || heads === undefined) return [];
  const { stages, dropped, greenlightVersion, nodeVersion, platform } = heads;
  const now = new Date(run.at).toISOString();
  const at = last.at > now ? last.at : now;
  const resumed: RunResumed = {
    type: "run-resumed",
    mode: "stage",
    by: run.by,
    why: "closes steps whose part never ran",
    again: [],
    stages,
    finally: heads.finally,
    dropped,
    greenlightVersion,
    nodeVersion,
    platform,
    engine: { pid: process.pid, startTime: processStartTime(process.pid) ?? "" },
  };
  return [resumed, ...ends].map((body, index) => ({
    runId: last.runId,
    sequence: last.sequence + 1 + index,
    at,
    ...body,
  }));
}

/**
 * Steps whose earlier results don't count any more: this part's own effects, which have to look at the world again, and all
 * that comes after this part, because the part is being repeated.
 */
function againOf(plan: Plan, only: ReadonlySet<string>, earlier: ReadonlyMap<string, StepView>): readonly string[] {
  const groups: readonly (readonly PlannedStep[])[] = [...plan.stages.map((stage) => stage.steps), plan.finally];
  const lastOwn = groups.findLastIndex((steps) => steps.some((step) => only.has(step.name)));
  const later = new Set(only);
  const again: string[] = [];
  for (const [index, steps] of groups.entries()) {
    for (const step of steps) {
      const isLater = index > lastOwn || Object.values(step.needs).some((need) => later.has(need));
      if (isLater) later.add(step.name);
      const counts = only.has(step.name) ? step.action.kind !== "effect" : !isLater;
      if (isDone(earlier, step.name) && !counts) again.push(step.name);
    }
  }
  return again;
}

function isDone(earlier: ReadonlyMap<string, StepView>, name: string): boolean {
  return (earlier.get(name)?.outcome ?? "pending") !== "pending";
}
