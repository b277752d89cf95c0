import { problem, ProblemError, type Problem } from "../../base/problem.ts";
import { isSameProcess } from "../../base/process-identity.ts";
import { endAbandonedContainers } from "../../engine/containers/end-containers.ts";
import type { EventBody, RunEvent } from "../../engine/event.ts";
import type { RunStore } from "../../engine/run-store.ts";
import type { RunView, StepView } from "../../engine/run-view.ts";
import { endAbandonedSteps } from "../../engine/steps/step-process.ts";
import type { Composition } from "../composition.ts";
import type { ProjectPlace } from "../find-project.ts";
import { holdProject } from "../hold-project.ts";
import { requestCancel } from "./cancel-request.ts";
import { findRun, readRun, type FoundRun, type RunState } from "./find-run.ts";

export interface CancelOrder {
  readonly place: ProjectPlace;
  /** An id or the beginning of one; undefined: the newest run that has not ended. */
  readonly run: string | undefined;
  readonly by: string;
  readonly why: string;
  /** Milliseconds that an engine may take until its run is closed. */
  readonly waitMs: number;
  readonly signal: AbortSignal;
  /** Called once the engine was asked. */
  onAsked?(view: RunView): void;
  /** Ends what the run left waiting for a person in its environments; answers what kept it from that. */
  withdraw(view: RunView, why: string): Promise<readonly Problem[]>;
}

export interface CancelledRun {
  readonly id: string;
  /** `asked`: its engine closed it. `closed`: it had no engine any more. `already`: it was cancelled before. */
  readonly how: "asked" | "closed" | "already";
  /** How the run ended: an engine that was about to end anyway may have been faster. */
  readonly outcome: RunView["outcome"];
  /** Processes and containers of its steps that were still there and were ended. */
  readonly endedCount: number;
  /** What could not be withdrawn; the next deployment to that environment supersedes it. */
  readonly problems: readonly Problem[];
}

const POLL_MS = 100;
const OPEN_STATES: ReadonlySet<RunState> = new Set(["running", "interrupted", "waiting"]);

/**
 * Cancels a run, wherever it stands: an engine that lives is asked and waited for; where there is none any more, what is left of
 * its steps is ended and the record is closed. Throws RUN_UNKNOWN, RUN_AMBIGUOUS, RUN_ENDED, RUN_NOT_CLOSED, and
 * RUN_IN_PROGRESS when another run is going on while a record has to be closed.
 */
export async function cancelRun(composition: Composition, order: CancelOrder): Promise<CancelledRun> {
  const runs = await composition.openRuns(order.place.stateFolder);
  try {
    const found = await findRun(runs, {
      named: order.run,
      suits: (state) => OPEN_STATES.has(state),
      nothingSuits: "no run is going on, was interrupted or waits",
    });
    if (found.state === "running") {
      const closed = await askEngine(composition, { runs, order, found });
      if (closed !== null) return answer(closed, "asked", NOTHING);
      // The engine has ended and left its record open.
    } else if (found.state === "cancelled") {
      return answer(found.view, "already", NOTHING);
    } else if (!OPEN_STATES.has(found.state)) {
      throw ended(found);
    }
    return await closeRun(composition, { runs, order, id: found.view.id });
  } finally {
    await runs.close();
  }
}

const NOTHING = { endedCount: 0, problems: [] } as const;

interface Cancelling {
  readonly runs: RunStore;
  readonly order: CancelOrder;
}

/** The run's view once its engine has closed it; null when the engine ended without doing so. */
async function askEngine(
  { clock }: Composition,
  { runs, order, found }: Cancelling & { readonly found: FoundRun },
): Promise<RunView | null> {
  const { id, engine } = found.view;
  if ((await requestCancel(order.place.stateFolder, { id, engine }, order)) !== "gone") order.onAsked?.(found.view);
  const deadline = clock.now() + order.waitMs;
  let lastSequence = found.events.at(-1)?.sequence ?? 0;
  for (;;) {
    // Asked before the events are read, so that an engine that closes its record and ends is never taken for one that did not.
    const isAlive = isSameProcess(engine);
    const fresh = await runs.events(id, lastSequence);
    lastSequence = fresh.at(-1)?.sequence ?? lastSequence;
    if (fresh.some((event) => event.type === "run-ended")) return (await readRun(runs, id))?.view ?? null;
    if (!isAlive) return null;
    if (clock.now() >= deadline) throw notClosed(found.view, order.waitMs);
    await clock.sleep(POLL_MS, order.signal);
  }
}

/** Closes the record of a run without an engine. The project is held meanwhile, so that nobody resumes it. */
async function closeRun(
  { clock }: Composition,
  { runs, order, id }: Cancelling & { readonly id: string },
): Promise<CancelledRun> {
  const { stateFolder } = order.place;
  const release = holdProject(stateFolder, id);
  try {
    const found = await readRun(runs, id);
    if (found === null || !OPEN_STATES.has(found.state)) throw ended(found ?? { view: { id }, state: "errored" });
    const endedCount = endAbandonedSteps(stateFolder) + (await endAbandonedContainers(stateFolder));
    const why = `run ${id} was cancelled by ${order.by}: ${order.why}`;
    const problems = mayWaitSomewhere(found.view) ? await withdrawn(order, found.view, why) : [];
    await runs.append(...closingEvents(found, order, clock.now()));
    return answer((await readRun(runs, id))?.view ?? found.view, "closed", { endedCount, problems });
  } finally {
    release();
  }
}

/** Only a step that was not finished can have left a deployment waiting. */
function mayWaitSomewhere({ stages }: RunView): boolean {
  return stages.some(({ steps }) => steps.some((step) => step.environment !== null && isOpen(step)));
}

/** The record is closed also where the definition does not load any more. */
async function withdrawn(order: CancelOrder, view: RunView, why: string): Promise<readonly Problem[]> {
  try {
    return await order.withdraw(view, why);
  } catch (error) {
    if (error instanceof ProblemError) return error.problems;
    throw error;
  }
}

/** What the engine would have written. `now` in milliseconds since the epoch. */
function closingEvents(
  { view, events }: FoundRun,
  { by, why }: Pick<CancelOrder, "by" | "why">,
  now: number,
): RunEvent[] {
  const steps = view.stages.flatMap((stage) => stage.steps).filter((step) => isOpen(step));
  const bodies: EventBody[] = [
    { type: "cancel-requested", by, why },
    ...steps.map((step) => endOf(step, now)),
    { type: "run-ended", outcome: "cancelled", durationMs: msSince(view.startedAt, now), pending: [] },
  ];
  const at = new Date(now).toISOString();
  const last = events.at(-1);
  return bodies.map((body, index) => ({
    runId: view.id,
    sequence: (last?.sequence ?? 0) + 1 + index,
    // A clock that jumped back must not turn the order of the record round.
    at: last !== undefined && last.at > at ? last.at : at,
    ...body,
  }));
}

function isOpen({ outcome }: StepView): boolean {
  return outcome === "pending" || outcome === "running" || outcome === "waiting";
}

function endOf(step: StepView, now: number): EventBody {
  const wasStarted = step.outcome !== "pending";
  return {
    type: "step-ended",
    step: step.name,
    outcome: "cancelled",
    why: wasStarted ? "cancelled after its engine had ended" : "cancelled before it started",
    isFromCache: false,
    isAlready: false,
    isAllowedFailure: false,
    attempts: step.attempts,
    durationMs: step.outcome === "running" && step.startedAt !== null ? msSince(step.startedAt, now) : step.durationMs,
    savedMs: 0,
    problems: [],
    evidence: step.evidence,
    manifestDigest: null,
    outputs: {},
    facts: {},
    subject: null,
    logDigest: null,
  };
}

function msSince(at: string, now: number): number {
  return Math.max(0, now - Date.parse(at));
}

function answer(
  view: RunView,
  how: CancelledRun["how"],
  more: Pick<CancelledRun, "endedCount" | "problems">,
): CancelledRun {
  return { id: view.id, how, outcome: view.outcome, ...more };
}

function ended({ view, state }: { readonly view: Pick<RunView, "id">; readonly state: RunState }): ProblemError {
  return new ProblemError([problem("RUN_ENDED", { place: view.id, message: `it has ended as ${state}` })]);
}

function notClosed({ id, engine }: RunView, waitMs: number): ProblemError {
  const message = `process ${engine.pid} was told to cancel and has not closed the run within ${waitMs / 1000} s`;
  return new ProblemError([problem("RUN_NOT_CLOSED", { place: id, message })]);
}
