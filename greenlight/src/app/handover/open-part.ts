import { problem, ProblemError, type Problem } from "../../base/problem.ts";
import type { Outcome } from "../../engine/outcome.ts";
import type { RunView } from "../../engine/run-view.ts";
import type { Blueprint } from "../../pipeline/blueprint.ts";
import type { Plan } from "../../pipeline/plan.ts";
import type { Composition } from "../composition.ts";
import { executePlan, type PlanExecution } from "../runs/execute-plan.ts";
import { newRunId } from "../runs/run-pipeline.ts";
import { GREENLIGHT_VERSION } from "../version.ts";
import { beginPart, type BegunPart } from "./begin-part.ts";
import { FINALLY, type PartSelection } from "./choose-steps.ts";
import { codeHostApprover } from "./code-host-approval.ts";
import { exportPart } from "./export-part.ts";
import { PART_NAME } from "./part-file.ts";
import { outcomeOfPart } from "./part-outcome.ts";

export interface PartRequest extends Pick<PlanExecution, "place" | "signal"> {
  readonly blueprint: Blueprint;
  readonly pipeline: string;
  readonly selection: PartSelection;
  /** The run that this is a part of; undefined: a new one. */
  readonly run: string | undefined;
  /** The part's name, unique in the run; undefined: made up. */
  readonly part: string | undefined;
  /** Where other parts' results are found (`in`) and this one's are left (`out`); undefined: only this machine's stores count. */
  readonly handover: string | undefined;
  /** True: the code host says that jobs before this one were cancelled. */
  readonly isCancelled: boolean;
  readonly by: string;
}

/** A part that is ready to run: what it needs of earlier parts is here. */
export interface ReadyPart {
  readonly runId: string;
  /** The steps that it runs; none when all that was chosen fell away for this run. */
  readonly only: ReadonlySet<string>;
  readonly dropped: Plan["dropped"];
  run(showing: Pick<PlanExecution, "approver" | "concurrency" | "onEvent" | "onWait" | "onNotice">): Promise<PartEnd>;
}

export interface PartEnd {
  readonly view: RunView;
  /** Of this part's own steps. */
  readonly outcome: Outcome;
  /** What could not be handed over. */
  readonly problems: readonly Problem[];
}

const RUN_ID = /^[\w-]{1,100}$/u;

/**
 * Makes a part of a pipeline's run ready: takes over what earlier parts left. It then runs the chosen steps, and leaves their
 * results for later parts. Throws HANDOVER_INCOMPLETE when it would have to assume that something passed.
 */
export async function openPart(composition: Composition, request: PartRequest): Promise<ReadyPart> {
  const runId = request.run ?? newRunId(composition);
  const part = request.part ?? `part-${newRunId(composition)}`;
  checkNames(runId, part);
  const begun = await beginPart(composition, { ...request, runId, part });
  const { plan, only, events } = begun;
  const own = { ...request, runId, part, begun };
  return { runId, only, dropped: plan.dropped, run };

  async function run(showing: Parameters<ReadyPart["run"]>[0]): Promise<PartEnd> {
    let view: RunView;
    try {
      view = await executePlan(composition, {
        ...showing,
        approver: codeHostApprover(process.env, showing.approver) ?? showing.approver,
        place: request.place,
        signal: request.signal,
        plan,
        runId,
        selection: "branch",
        earlier: events,
        ...(events.length === 0 ? {} : { resume: begun.resume }),
        only,
      });
    } catch (error) {
      // What was recorded until then still tells the others what became of it.
      await leave(composition, own).catch(() => undefined);
      throw error;
    }
    const problems = await leave(composition, own);
    return { view, outcome: outcomeOf(view, request, begun), problems };
  }
}

function checkNames(runId: string, part: string): void {
  const problems: Problem[] = [];
  if (!RUN_ID.test(runId)) {
    const message = `"${runId.slice(0, 120)}" is not made of up to 100 letters, digits, dashes and underscores`;
    problems.push(problem("USAGE", { place: "--run", message }));
  }
  if (!PART_NAME.test(part)) {
    const message = `"${part.slice(0, 120)}" is not made of up to 100 letters, digits, dots, dashes and underscores`;
    problems.push(problem("USAGE", { place: "--part", message }));
  }
  if (problems.length > 0) throw new ProblemError(problems);
}

async function leave(
  composition: Composition,
  options: Pick<PartRequest, "place" | "handover"> & {
    readonly runId: string;
    readonly part: string;
    readonly begun: BegunPart;
  },
): Promise<readonly Problem[]> {
  const { place, handover, runId, part, begun } = options;
  if (handover === undefined) return [];
  const { plan, parts } = begun;
  const runs = await composition.openRuns(place.stateFolder);
  const work = await composition.openWork(place.stateFolder);
  try {
    const head = {
      runId,
      part,
      project: plan.project,
      pipeline: plan.pipeline,
      commit: plan.trigger.commit,
      greenlightVersion: GREENLIGHT_VERSION,
      after: parts,
    };
    const context = { plan, projectFolder: place.folder, runs, ...work };
    return await exportPart(handover, head, { after: begun.earlierCount, context });
  } finally {
    work.index.close();
    await runs.close();
  }
}

/** What came last vouches for the whole: a step that no part tells of keeps it from passing. */
function outcomeOf(view: RunView, request: PartRequest, begun: BegunPart): Outcome {
  const isLast = request.selection.stages.includes(FINALLY);
  if (isLast && view.pending.length > 0) return request.isCancelled ? "cancelled" : "errored";
  return outcomeOfPart(view, new Set([...begun.only, ...begun.lost]));
}
