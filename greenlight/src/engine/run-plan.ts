import { join } from "node:path";

import { digestText } from "../base/file-digest.ts";
import { problem } from "../base/problem.ts";
import type { EnvironmentSelection, PlannedStep } from "../pipeline/plan.ts";
import type { EngineContext } from "./engine-context.ts";
import type { RunEvent, RunStarted } from "./event.ts";
import { Journal } from "./journal.ts";
import { isSuccess, worstOutcome, type Outcome } from "./outcome.ts";
import { runStep, type FinishedStep } from "./run-step.ts";
import type { RunView } from "./run-view.ts";

export interface RunOptions {
  readonly runId: string;
  readonly engine: RunStarted["engine"];
  readonly selection: EnvironmentSelection;
  readonly greenlightVersion: string;
  readonly listeners: readonly ((event: RunEvent) => void)[];
}

/**
 * Runs a plan to its end: stages in order, steps of a stage side by side as far as their needs allow, `finally` last
 * whatever happened. Always closes the record; rejects only when the record itself can't be written.
 */
export async function runPlan(context: EngineContext, options: RunOptions): Promise<RunView> {
  const { plan } = context;
  const startedAt = context.clock.now();
  const journal = new Journal({ ...options, store: context.runs, clock: context.clock });
  await journal.append({
    type: "run-started",
    project: plan.project,
    pipeline: plan.pipeline,
    trigger: plan.trigger,
    selection: options.selection,
    stages: plan.stages.map((stage) => ({ name: stage.name, steps: stage.steps.map(headOf) })),
    finally: plan.finally.map(headOf),
    dropped: plan.dropped,
    greenlightVersion: options.greenlightVersion,
    nodeVersion: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    engine: options.engine,
  });
  const finished = new Map<string, FinishedStep>();
  const run: ActiveRun = { context, journal, finished, runId: options.runId };
  let stopped: string | null = null;
  for (const stage of plan.stages) {
    await runStage(run, stage.steps, stopped);
    const outcomes = stage.steps.map((step) => finished.get(step.name)?.outcome ?? "skipped");
    if (stopped === null && outcomes.some((outcome) => !isSuccess(outcome)))
      stopped = `stage ${stage.name} did not pass`;
  }
  const outcomeOfStages = worstOutcome([...finished.values()].map((step) => step.outcome));
  // Reports and notices must come out after a cancel too, so `finally` does not listen to it.
  const last: ActiveRun = { ...run, context: { ...context, signal: AbortSignal.timeout(FINALLY_MS) } };
  await runStage(last, plan.finally, null);
  const outcome = worstOutcome([...finished.values()].map((step) => step.outcome));
  await journal.append({
    type: "run-ended",
    outcome: outcomeOfStages === "cancelled" ? "cancelled" : outcome,
    durationMs: context.clock.now() - startedAt,
    pending: [],
  });
  context.index.flush();
  return journal.view();
}

const FINALLY_MS = 60_000;

export interface ActiveRun {
  readonly context: EngineContext;
  readonly journal: Journal;
  readonly finished: Map<string, FinishedStep>;
  readonly runId: string;
}

/** Runs the steps of one stage; with `stopped`, all of them are skipped for that reason. */
async function runStage(run: ActiveRun, steps: readonly PlannedStep[], stopped: string | null): Promise<void> {
  const { finished } = run;
  const waiting = new Set(steps);
  const running = new Map<string, Promise<void>>();
  const isReady = (step: PlannedStep): boolean => Object.values(step.needs).every((need) => finished.has(need));
  const settle = async (step: PlannedStep): Promise<void> => {
    finished.set(step.name, await startStep(run, step, stopped));
    running.delete(step.name);
  };
  while (waiting.size > 0 || running.size > 0) {
    for (const step of waiting) {
      if (running.size >= run.context.concurrency || !isReady(step)) continue;
      waiting.delete(step);
      running.set(step.name, settle(step));
    }
    if (running.size === 0)
      throw new Error(`steps wait for what never comes: ${[...waiting].map((step) => step.name).join(", ")}`);
    await Promise.race(running.values());
  }
}

async function startStep(run: ActiveRun, step: PlannedStep, stopped: string | null): Promise<FinishedStep> {
  const reason = skipReason(run, step, stopped);
  if (reason !== null) return skip(run, step, reason);
  try {
    return await runStep(run, step, logPath(run.context.stateFolder, run.runId, step.name));
  } catch (error) {
    // A step's own faults are outcomes; what arrives here is a fault of the machine or a bug. The run goes on to its record.
    const message = error instanceof Error ? error.message : String(error);
    const known =
      error instanceof Error && error.name === "ProblemError" && "problems" in error ? error.problems : null;
    const problems = Array.isArray(known) ? known : [problem("INTERNAL", { place: step.name, message })];
    return end(run, step, { outcome: "errored", why: message, problems });
  }
}

function skipReason(
  run: ActiveRun,
  step: PlannedStep,
  stopped: string | null,
): { outcome: Outcome; why: string } | null {
  if (run.context.signal.aborted) return { outcome: "cancelled", why: "cancelled before it started" };
  if (stopped !== null) return { outcome: "skipped", why: stopped };
  const isLast = run.context.plan.finally.includes(step);
  for (const need of Object.values(step.needs)) {
    const outcome = run.finished.get(need)?.outcome ?? "skipped";
    if (!isSuccess(outcome) && !isLast)
      return { outcome: "skipped", why: `it needs "${need}", which ended as ${outcome}` };
  }
  return null;
}

async function skip(
  run: ActiveRun,
  step: PlannedStep,
  reason: { outcome: Outcome; why: string },
): Promise<FinishedStep> {
  return end(run, step, { ...reason, problems: [] });
}

async function end(
  run: ActiveRun,
  step: PlannedStep,
  how: { readonly outcome: Outcome; readonly why: string; readonly problems: FinishedStep["problems"] },
): Promise<FinishedStep> {
  await run.journal.append({
    type: "step-ended",
    step: step.name,
    ...how,
    isFromCache: false,
    isAlready: false,
    isAllowedFailure: false,
    attempts: 0,
    durationMs: 0,
    savedMs: 0,
    evidence: [],
    manifestDigest: null,
    outputs: {},
    facts: {},
    subject: null,
    logDigest: null,
  });
  return {
    step: step.name,
    ...how,
    outputs: step.outputs,
    outputDigests: {},
    facts: {},
    evidence: [],
    manifest: null,
    blueprint: step,
  };
}

/** Where a step's output is kept. A name may hold anything printable, so it is encoded for the file system. */
export function logPath(stateFolder: string, runId: string, step: string): string {
  const name = encodeURIComponent(step).replaceAll("%20", "-").replaceAll("*", "%2A").replaceAll(".", "%2E");
  // Names that are altered or cut alike still get files of their own.
  const isPlain = name === step && name.length <= 80;
  const own = isPlain ? name : `${name.slice(0, 80)}-${digestText(step).slice(0, 8)}`;
  return join(stateFolder, "runs", runId, `${own}.log`);
}

function headOf(step: PlannedStep): RunStarted["finally"][number] {
  return {
    name: step.name,
    kind: step.action.kind === "effect" ? "effect" : "task",
    needs: Object.values(step.needs),
    environment: step.environment,
  };
}
