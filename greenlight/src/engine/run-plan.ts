import { setTimeout as sleep } from "node:timers/promises";

import { monotonicMs } from "../base/monotonic.ts";
import type { Problem } from "../base/problem.ts";
import { describeIdle } from "../evidence/idle-suppressions.ts";
import type { EnvironmentSelection, PlannedStep } from "../pipeline/plan.ts";
import type { ActiveRun } from "./active-run.ts";
import type { EngineContext } from "./engine-context.ts";
import type { RunEvent, RunResumed, RunStarted } from "./event.ts";
import { removeLeftScratch } from "./files/scratch-folder.ts";
import { SETTLING_MS, type StatIndex } from "./files/stat-index.ts";
import type { FinishedStep } from "./finished-step.ts";
import { Journal } from "./journal.ts";
import { StampBook } from "./manifests/stamp-book.ts";
import { worstOutcome, type Outcome } from "./outcome.ts";
import { runStage } from "./run-stage.ts";
import { viewRun, type RunView, type StepView } from "./run-view.ts";
import type { Masking } from "./steps/masking.ts";
import { stopsRun } from "./whether-to-run.ts";

export interface RunOptions {
  readonly runId: string;
  readonly engine: RunStarted["engine"];
  readonly greenlightVersion: string;
  readonly selection: EnvironmentSelection;
  readonly listeners: readonly ((event: RunEvent) => void)[];
  /** The run so far, when it goes on. */
  readonly earlier?: readonly RunEvent[];
  /** How it goes on; needed when `earlier` holds events. */
  readonly resume?: Pick<RunResumed, "mode" | "by" | "why" | "again">;
  /** The steps of this part of the run; the others are left for another part. Null or left out: all. */
  readonly only?: ReadonlySet<string> | null;
  /** Milliseconds that the steps of `finally` have after a cancel; a minute when left out. */
  readonly finallyMs?: number;
}

const FINALLY_MS = 60_000;

/**
 * Runs a plan to its end: stages in order, steps of a stage side by side as far as their needs allow, `finally` last
 * whatever happened. Always closes the record; rejects only when the record itself can't be written.
 */
export async function runPlan(context: EngineContext, options: RunOptions): Promise<RunView> {
  const { plan } = context;
  // A clock that is set meanwhile changes no duration.
  const begunAt = monotonicMs();
  const broken = new AbortController();
  const signal = AbortSignal.any([context.signal, broken.signal]);
  const earlier = options.earlier ?? [];
  const journal = new Journal({
    ...options,
    earlier,
    store: context.runs,
    clock: context.clock,
    masking: context.masking,
    // Going on without a record would lose outcomes.
    onFailure: (error) => broken.abort(error),
  });
  removeLeftScratch(context.stateFolder);
  journal.append(opening(context, options));
  await journal.flush();
  const keepsManifests = plan.stages.some((stage) => stage.steps.some((step) => step.isSealing));
  const run: ActiveRun = {
    runId: options.runId,
    context: { ...context, signal, index: withoutSecrets(context.index, context.masking) },
    journal,
    finished: new Map(),
    earlier: viewsOf(earlier),
    mode: options.resume?.mode ?? "new",
    again: new Set(options.resume?.again),
    only: options.only ?? null,
    keepsManifests,
    stamps: new StampBook(keepsManifests || context.masking.isActive ? null : await context.runs.stamps(plan.pipeline)),
  };
  const stopTelling = tellCancel(run);
  const stopWarning = context.warnings.subscribe((found) => journal.append({ type: "run-warned", problem: found }));
  let stopped: string | null = null;
  for (const stage of plan.stages) {
    await runStage(run, stage.steps, stopped);
    if (stopped === null && stage.steps.some((step) => stopsRun(run, step))) {
      stopped = `stage ${stage.name} did not pass`;
    }
  }
  const outcomeOfStages = outcomeOf(run);
  // Reports and notices must come out after a cancel too, so `finally` hears of it later.
  const late = delayAbort(signal, options.finallyMs ?? FINALLY_MS);
  await runStage({ ...run, context: { ...run.context, signal: late.signal } }, plan.finally, stopped);
  late.forget();
  stopTelling();
  stopWarning();
  await keepStamps(run);
  const notices = noticesOf(journal.view());
  const all = [...plan.stages.flatMap((stage) => stage.steps), ...plan.finally];
  journal.append({
    type: "run-ended",
    outcome: outcomeOfStages === "cancelled" ? "cancelled" : outcomeOf(run),
    durationMs: Math.round(monotonicMs() - begunAt),
    pending: all.flatMap((step) => (isPending(run, step) ? [step.name] : [])),
    ...(notices.length === 0 ? {} : { notices }),
  });
  await journal.flush();
  context.index.flush();
  await context.cache.flush();
  if (run.stamps.isSettling && !signal.aborted) {
    // What the last steps wrote can't be told from a second change yet; without their stamps the next run would look closely.
    await sleep(SETTLING_MS);
    await keepStamps(run);
    context.index.flush();
  }
  return journal.view();
}

/** Stamps speak of successes that are recorded already. Where these can't be, nothing is said. */
async function keepStamps({ stamps, journal, context }: ActiveRun): Promise<void> {
  const made = stamps.settle(context);
  if (made.size === 0) return;
  try {
    await journal.flush();
  } catch {
    return;
  }
  await context.runs.saveStamps(context.plan.pipeline, made);
}

/** A file whose name holds a secret is not remembered. */
function withoutSecrets(index: StatIndex, masking: Masking): StatIndex {
  if (!masking.isActive) return index;
  return {
    ...index,
    set: (path, entry) => {
      if (masking.text(path) === path) index.set(path, entry);
    },
  };
}

/** Of everything that the run looked at, in this part or in an earlier one. */
function noticesOf(view: RunView): readonly Problem[] {
  const evidence = view.stages.flatMap((stage) => stage.steps.flatMap((step) => step.evidence));
  return describeIdle(evidence.filter((each) => each.kind === "findings"));
}

/** A signal that is aborted some time after another one. */
function delayAbort(signal: AbortSignal, ms: number): { readonly signal: AbortSignal; forget(): void } {
  const late = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const begin = (): void => {
    timer = setTimeout(() => late.abort(signal.reason), ms);
  };
  if (signal.aborted) begin();
  else signal.addEventListener("abort", begin, { once: true });
  return {
    signal: late.signal,
    forget: () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", begin);
    },
  };
}

function opening(context: EngineContext, options: RunOptions): Omit<RunStarted, never> | RunResumed {
  const { plan } = context;
  const common = {
    stages: plan.stages.map((stage) => ({ name: stage.name, steps: stage.steps.map(headOf) })),
    finally: plan.finally.map(headOf),
    dropped: plan.dropped,
    greenlightVersion: options.greenlightVersion,
    nodeVersion: process.versions.node,
    platform: `${process.platform}-${process.arch}`,
    engine: options.engine,
  };
  if ((options.earlier ?? []).length > 0) {
    if (options.resume === undefined) throw new Error("a run that goes on has to say how");
    return { type: "run-resumed", ...options.resume, ...common };
  }
  const { project, pipeline, trigger } = plan;
  return { type: "run-started", project, pipeline, trigger, selection: options.selection, ...common };
}

function viewsOf(earlier: readonly RunEvent[]): ReadonlyMap<string, StepView> {
  const view = viewRun(earlier);
  return new Map(view?.stages.flatMap((stage) => stage.steps.map((step) => [step.name, step] as const)));
}

/** Writes down who cancelled, as soon as it happens. */
function tellCancel(run: ActiveRun): () => void {
  const tell = (): void => {
    const request = run.context.cancelRequest();
    if (request !== null) run.journal.append({ type: "cancel-requested", ...request });
  };
  if (run.context.signal.aborted) tell();
  run.context.signal.addEventListener("abort", tell, { once: true });
  return () => run.context.signal.removeEventListener("abort", tell);
}

/** The worst that happened. What a matrix cancelled because one of its combinations failed adds nothing to that failure. */
function outcomeOf(run: ActiveRun): Outcome {
  const isCancelled = run.context.signal.aborted;
  const outcomes: Outcome[] = [];
  for (const step of run.finished.values()) {
    if (step.outcome === "cancelled" && !isCancelled) continue;
    // A step that could not run at all proves nothing, so the whole can't pass.
    outcomes.push(step.outcome === "skipped" && step.problems.length > 0 ? "failed" : step.outcome);
  }
  return worstOutcome(outcomes);
}

function isPending(run: ActiveRun, step: PlannedStep): boolean {
  const finished: FinishedStep | undefined = run.finished.get(step.name);
  return finished === undefined && run.only !== null && !run.only.has(step.name);
}

function headOf(step: PlannedStep): RunStarted["finally"][number] {
  return {
    name: step.name,
    kind: step.action.kind === "effect" ? "effect" : "task",
    needs: Object.values(step.needs),
    environment: step.environment,
  };
}
