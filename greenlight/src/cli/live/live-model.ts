import { unreachable } from "../../base/unreachable.ts";
import type { PlannedStepHead, RunEvent, StepEnded } from "../../engine/event.ts";
import type { Outcome } from "../../engine/outcome.ts";
import { displayWidth } from "../text-width.ts";

/** What the live view shows of a run: counts for what is done, and details only of what goes on. */
export interface LiveState {
  readonly title: string;
  readonly startedAtMs: number;
  readonly stages: readonly LiveStage[];
  /** In the order of their start. */
  readonly active: ReadonlyMap<string, LiveStep>;
  readonly stepCount: number;
  readonly endedCount: number;
  readonly savedMs: number;
  readonly isCancelling: boolean;
  /** Columns that the names of stages and steps need. */
  readonly nameColumns: number;
}

const MOST_NAME_COLUMNS = 28;

export interface LiveStage {
  readonly name: string;
  readonly stepCount: number;
  endedCount: number;
  ranCount: number;
  cachedCount: number;
  alreadyCount: number;
  skippedCount: number;
  warnedCount: number;
  failedCount: number;
  cancelledCount: number;
  waitingCount: number;
  savedMs: number;
  /** Null before its first step. */
  startedAtMs: number | null;
  /** When its last step ended, so far. */
  endedAtMs: number;
}

/** A step that is under way. */
export interface LiveStep {
  readonly name: string;
  readonly startedAtMs: number;
  readonly attempt: number;
  /** What it does just now, when it does not simply run. */
  readonly pause:
    | null
    | {
        readonly kind: "retrying";
        /** All attempts that the policy allows; null: not told. */
        readonly attemptLimit: number | null;
        readonly againAtMs: number;
        readonly why: string;
      }
    | { readonly kind: "waiting"; readonly subject: string };
}

/** Keeps a `LiveState` in step with the events: constant work for each; of what has ended it keeps the outcome only. */
export class LiveModel {
  #title = "";
  #startedAtMs = 0;
  #stages: LiveStage[] = [];
  #stageOf = new Map<string, LiveStage>();
  /** For a run that goes on after its end. */
  #ended = new Map<string, Outcome>();
  readonly #active = new Map<string, LiveStep>();
  #endedCount = 0;
  #savedMs = 0;
  #isCancelling = false;
  #nameColumns = 0;

  get state(): LiveState {
    return {
      title: this.#title,
      startedAtMs: this.#startedAtMs,
      stages: this.#stages,
      active: this.#active,
      stepCount: this.#stageOf.size,
      endedCount: this.#endedCount,
      savedMs: this.#savedMs,
      isCancelling: this.#isCancelling,
      nameColumns: this.#nameColumns,
    };
  }

  apply(event: RunEvent): void {
    const atMs = Date.parse(event.at);
    switch (event.type) {
      case "run-started":
        this.#title = `${event.project} ${event.pipeline}`;
        this.#startedAtMs = atMs;
        this.#plan(event);
        break;
      case "run-resumed":
        this.#startedAtMs = atMs;
        this.#isCancelling = false;
        for (const name of event.again) this.#ended.delete(name);
        this.#plan(event);
        break;
      case "step-started": {
        const startedAtMs = this.#active.get(event.step)?.startedAtMs ?? atMs;
        const stage = this.#stageOf.get(event.step);
        if (stage !== undefined) stage.startedAtMs ??= atMs;
        this.#active.set(event.step, { name: event.step, startedAtMs, attempt: event.attempt, pause: null });
        break;
      }
      case "step-retrying":
        this.#change(event.step, atMs, {
          attempt: event.attempt + 1,
          pause: {
            kind: "retrying",
            attemptLimit: event.attemptLimit ?? null,
            againAtMs: atMs + event.delayMs,
            why: event.why,
          },
        });
        break;
      case "approval-wanted": {
        const subject = `${event.releaseId} for ${event.environment}`;
        this.#change(event.step, atMs, { pause: { kind: "waiting", subject } });
        break;
      }
      case "approval-answered":
        this.#change(event.step, atMs, { pause: null });
        break;
      case "step-ended":
        this.#end(event, atMs);
        break;
      case "cancel-requested":
        this.#isCancelling = true;
        break;
      case "run-warned":
      case "run-ended":
        break;
      default:
        unreachable(event);
    }
  }

  /** The stages as they are planned now; what has ended before counts as done. */
  #plan(plan: {
    readonly stages: readonly { readonly name: string; readonly steps: readonly PlannedStepHead[] }[];
    readonly finally: readonly PlannedStepHead[];
  }): void {
    const last = plan.finally.length > 0 ? [{ name: "finally", steps: plan.finally }] : [];
    this.#stageOf.clear();
    this.#active.clear();
    this.#endedCount = 0;
    this.#savedMs = 0;
    this.#stages = [...plan.stages, ...last].map((each) => {
      const stage = emptyStage(each.name, each.steps.length);
      this.#widen(each.name, 0);
      for (const step of each.steps) {
        this.#stageOf.set(step.name, stage);
        this.#widen(step.name, 2);
        const before = this.#ended.get(step.name);
        if (before !== "passed" && before !== "warned") continue;
        stage.endedCount += 1;
        this.#endedCount += 1;
        if (before === "warned") stage.warnedCount += 1;
        else stage.alreadyCount += 1;
      }
      return stage;
    });
  }

  #widen(name: string, indent: number): void {
    if (this.#nameColumns >= MOST_NAME_COLUMNS) return;
    this.#nameColumns = Math.min(MOST_NAME_COLUMNS, Math.max(this.#nameColumns, displayWidth(name) + indent));
  }

  #change(name: string, atMs: number, change: Partial<LiveStep>): void {
    const before = this.#active.get(name) ?? { name, startedAtMs: atMs, attempt: 1, pause: null };
    this.#active.set(name, { ...before, ...change });
  }

  #end(event: StepEnded, atMs: number): void {
    this.#active.delete(event.step);
    this.#ended.set(event.step, event.outcome);
    const stage = this.#stageOf.get(event.step);
    if (stage === undefined) return;
    stage.startedAtMs ??= atMs - event.durationMs;
    stage.endedAtMs = atMs;
    stage.endedCount += 1;
    stage.savedMs += event.savedMs;
    this.#endedCount += 1;
    this.#savedMs += event.savedMs;
    countOutcome(stage, event);
  }
}

function countOutcome(stage: LiveStage, event: StepEnded): void {
  switch (event.outcome) {
    case "passed":
      if (event.isFromCache) stage.cachedCount += 1;
      else if (event.isAlready) stage.alreadyCount += 1;
      else stage.ranCount += 1;
      break;
    case "warned":
      stage.warnedCount += 1;
      break;
    case "failed":
    case "errored":
      stage.failedCount += 1;
      break;
    case "cancelled":
      stage.cancelledCount += 1;
      break;
    case "skipped":
      stage.skippedCount += 1;
      break;
    case "waiting":
      stage.waitingCount += 1;
      break;
    default:
      unreachable(event.outcome);
  }
}

function emptyStage(name: string, stepCount: number): LiveStage {
  return {
    name,
    stepCount,
    endedCount: 0,
    ranCount: 0,
    cachedCount: 0,
    alreadyCount: 0,
    skippedCount: 0,
    warnedCount: 0,
    failedCount: 0,
    cancelledCount: 0,
    waitingCount: 0,
    savedMs: 0,
    startedAtMs: null,
    endedAtMs: 0,
  };
}
