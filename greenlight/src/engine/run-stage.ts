import type { PlannedStep } from "../pipeline/plan.ts";
import type { ActiveRun, StepCall } from "./active-run.ts";
import type { FinishedStep } from "./finished-step.ts";
import { reuseFirst } from "./reuse/reuse-first.ts";
import { describeCancel, describeFault } from "./steps/describe-fault.ts";
import { endStep } from "./steps/end-step.ts";
import { whyNotRun } from "./whether-to-run.ts";

/** Runs the steps of one stage; with `stopped`, those that need a success are skipped for that reason. */
export async function runStage(run: ActiveRun, steps: readonly PlannedStep[], stopped: string | null): Promise<void> {
  const reused = stopped === null ? reuseFirst(run, steps) : 0;
  if (reused < steps.length) await new StageRun(run, steps.slice(reused), stopped).done;
}

/** Loaded when there is something to do: a run of which nothing has to run does without. */
const loadWork = () => import("./steps/run-step.ts");
let working: ReturnType<typeof loadWork> | undefined;

/** The combinations of one matrix: they share a bound, and a failure may end them all. */
interface MatrixGroup {
  running: number;
  readonly failed: AbortController;
}

/**
 * Starts steps as soon as their needs have ended, in the order of the plan, within the bounds of concurrency, locks and
 * matrices. Work per step does not grow with the number of steps.
 */
class StageRun {
  readonly done: Promise<void>;
  readonly #run: ActiveRun;
  readonly #stopped: string | null;
  readonly #missing = new Map<string, number>();
  readonly #dependents = new Map<string, PlannedStep[]>();
  readonly #groups = new Map<string, MatrixGroup>();
  readonly #locks = new Set<string>();
  #ready: PlannedStep[] = [];
  #next = 0;
  #blocked: PlannedStep[] = [];
  #running = 0;
  #left: number;
  #finish: { resolve: () => void; reject: (error: unknown) => void };

  constructor(run: ActiveRun, steps: readonly PlannedStep[], stopped: string | null) {
    this.#run = run;
    this.#stopped = stopped;
    this.#left = steps.length;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.done = promise;
    this.#finish = { resolve, reject };
    const here = new Set(steps.map((step) => step.name));
    for (const step of steps) {
      const needs = new Set(Object.values(step.needs).filter((need) => here.has(need)));
      for (const need of needs) {
        const dependents = this.#dependents.get(need);
        if (dependents === undefined) this.#dependents.set(need, [step]);
        else dependents.push(step);
      }
      if (needs.size === 0) this.#ready.push(step);
      else this.#missing.set(step.name, needs.size);
    }
    this.#pump();
  }

  #pump(): void {
    while (this.#running < this.#run.context.concurrency) {
      const step = this.#take();
      if (step === undefined) break;
      this.#start(step);
    }
    if (this.#running > 0) return;
    if (this.#left === 0) this.#finish.resolve();
    else this.#finish.reject(new Error(`steps wait for what never comes: ${[...this.#missing.keys()].join(", ")}`));
  }

  /** The next step that may start now; those that a lock or a matrix holds back are looked at again after each end. */
  #take(): PlannedStep | undefined {
    const free = this.#blocked.findIndex((step) => this.#isFree(step));
    if (free >= 0) return this.#blocked.splice(free, 1)[0];
    while (this.#next < this.#ready.length) {
      const step = this.#ready[this.#next];
      this.#next += 1;
      if (step === undefined) break;
      if (this.#next > 1024) {
        this.#ready = this.#ready.slice(this.#next);
        this.#next = 0;
      }
      if (this.#isFree(step)) return step;
      this.#blocked.push(step);
    }
    return undefined;
  }

  #isFree(step: PlannedStep): boolean {
    if (step.lock !== null && this.#locks.has(step.lock)) return false;
    const limit = step.matrix?.maxParallel ?? null;
    return limit === null || this.#groupOf(step).running < limit;
  }

  #groupOf(step: PlannedStep): MatrixGroup {
    const name = step.matrix?.of ?? step.name;
    let group = this.#groups.get(name);
    if (group === undefined) {
      group = { running: 0, failed: new AbortController() };
      this.#groups.set(name, group);
    }
    return group;
  }

  #start(step: PlannedStep): void {
    this.#running += 1;
    if (step.lock !== null) this.#locks.add(step.lock);
    if (step.matrix !== null) this.#groupOf(step).running += 1;
    this.#work(step).then(
      (finished) => this.#settle(step, finished),
      (error: unknown) => this.#finish.reject(error),
    );
  }

  async #work(step: PlannedStep): Promise<FinishedStep | null> {
    const { context } = this.#run;
    const group = step.matrix?.failFast === true ? this.#groupOf(step).failed.signal : null;
    const signal = group === null ? context.signal : AbortSignal.any([context.signal, group]);
    return startStep({ run: this.#run, step, signal }, this.#stopped);
  }

  #settle(step: PlannedStep, finished: FinishedStep | null): void {
    this.#running -= 1;
    this.#left -= 1;
    if (finished !== null) this.#run.finished.set(step.name, finished);
    if (step.lock !== null) this.#locks.delete(step.lock);
    if (step.matrix !== null) {
      const group = this.#groupOf(step);
      group.running -= 1;
      const isFailed = finished?.outcome === "failed" || finished?.outcome === "errored";
      if (isFailed && step.matrix.failFast && !group.failed.signal.aborted) group.failed.abort(`"${step.name}" failed`);
    }
    for (const dependent of this.#dependents.get(step.name) ?? []) {
      const left = (this.#missing.get(dependent.name) ?? 0) - 1;
      this.#missing.set(dependent.name, left);
      if (left > 0) continue;
      this.#missing.delete(dependent.name);
      this.#ready.push(dependent);
    }
    this.#pump();
  }
}

/** Null: the step is left for another part of the run. */
async function startStep(call: StepCall, stopped: string | null): Promise<FinishedStep | null> {
  const { run, step } = call;
  try {
    if (run.only !== null && !run.only.has(step.name))
      return await (await import("./reuse/keep-step.ts")).keepUnseen(call);
    const notRun = whyNotRun(run, step, stopped);
    if (notRun !== null) return endStep(call, notRun);
    if (call.signal.aborted) return endStep(call, describeCancel(call));
    const kept = run.mode === "new" ? null : await (await import("./reuse/keep-step.ts")).keepStep(call);
    if (kept !== null) return kept;
    await run.context.beforeSteps?.();
    const { runStep } = await (working ??= loadWork());
    if (step.lock === null) return await runStep(call);
    const release = await run.context.lock(step.lock, call.signal);
    try {
      run.context.tree.forget();
      return await runStep(call);
    } finally {
      release();
    }
  } catch (error) {
    // A step's own faults are outcomes; what arrives here is a fault of the machine or a bug. The run goes on to its record.
    return endStep(call, call.signal.aborted ? describeCancel(call) : describeFault(error, step.name));
  }
}
