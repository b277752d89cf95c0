import type { Json } from "../base/json.ts";
import type { Problem } from "../base/problem.ts";
import { unreachable } from "../base/unreachable.ts";
import type { Evidence } from "../evidence/evidence.ts";
import type { EnvironmentSelection, RunTrigger } from "../pipeline/plan.ts";
import type { ApprovalAnswered, PlannedStepHead, RunEvent, RunResumed, RunStarted } from "./event.ts";
import { isSuccess, type Outcome } from "./outcome.ts";

/** A run as people look at it. A pure projection of its events, complete or not. */
export interface RunView {
  readonly id: string;
  readonly project: string;
  readonly pipeline: string;
  readonly trigger: RunTrigger;
  readonly selection: EnvironmentSelection;
  readonly greenlightVersion: string;
  readonly nodeVersion: string;
  readonly platform: string;
  readonly engine: RunStarted["engine"];
  readonly startedAt: string;
  readonly endedAt: string | null;
  readonly outcome: Outcome | "running";
  readonly durationMs: number | null;
  /** The stages in order; the steps of `finally` stand in a last stage of that name. */
  readonly stages: readonly { readonly name: string; readonly steps: readonly StepView[] }[];
  readonly dropped: readonly { readonly step: string; readonly why: string }[];
  readonly approvals: readonly (ApprovalAnswered & { readonly at: string })[];
  /** What a person has to know although it spoils nothing. */
  readonly warnings: readonly Problem[];
  /** Each time the run went on after an interruption or its end. */
  readonly resumes: readonly { readonly at: string; readonly mode: RunResumed["mode"]; readonly by: string }[];
  /** Steps left for another part of the run. */
  readonly pending: readonly string[];
}

export interface StepView {
  readonly name: string;
  readonly kind: "task" | "effect";
  readonly needs: readonly string[];
  readonly environment: string | null;
  readonly outcome: Outcome | "pending" | "running";
  readonly why: string;
  readonly isFromCache: boolean;
  readonly isAlready: boolean;
  /** True: it failed and was allowed to. */
  readonly isAllowedFailure: boolean;
  /** How often it was started. */
  readonly attempts: number;
  /** Attempts that failed and were tried again. */
  readonly retries: readonly { readonly attempt: number; readonly outcome: Outcome; readonly why: string }[];
  /** Null before its first start. */
  readonly deadlineAt: string | null;
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly durationMs: number;
  readonly savedMs: number;
  readonly problems: readonly Problem[];
  readonly evidence: readonly Evidence[];
  readonly outputs: Readonly<Record<string, string>>;
  readonly facts: { readonly [name: string]: Json };
  readonly manifestDigest: string | null;
  readonly logDigest: string | null;
}

/** Projects `events`, which must be those of one run in order; undefined when the first is not its start. */
export function viewRun(events: readonly RunEvent[]): RunView | undefined {
  const first = events[0];
  if (first?.type !== "run-started") return undefined;
  let latest: Heads = first;
  const steps = new Map<string, StepView>();
  for (const head of headsOf(first)) steps.set(head.name, pendingStep(head));
  const approvals: (ApprovalAnswered & { at: string })[] = [];
  const warnings: Problem[] = [];
  const resumes: RunView["resumes"][number][] = [];
  let ended: { at: string; outcome: Outcome; durationMs: number; pending: readonly string[] } | undefined;
  for (const event of events) {
    switch (event.type) {
      case "run-started":
      case "approval-wanted":
      case "cancel-requested":
        break;
      case "run-resumed":
        latest = event;
        ended = undefined;
        resumes.push({ at: event.at, mode: event.mode, by: event.by });
        for (const head of headsOf(event)) steps.set(head.name, resumedStep(head, steps.get(head.name), event));
        break;
      case "run-warned":
        warnings.push(event.problem);
        break;
      case "approval-answered":
        approvals.push(event);
        break;
      case "step-started":
      case "step-retrying":
      case "step-ended": {
        const before = steps.get(event.step);
        if (before !== undefined) steps.set(event.step, advanceStep(before, event));
        break;
      }
      case "run-ended":
        ended = event;
        break;
      default:
        unreachable(event);
    }
  }
  const stages = [...latest.stages, ...(latest.finally.length > 0 ? [{ name: "finally", steps: latest.finally }] : [])];
  return {
    id: first.runId,
    project: first.project,
    pipeline: first.pipeline,
    trigger: first.trigger,
    selection: first.selection,
    greenlightVersion: latest.greenlightVersion,
    nodeVersion: latest.nodeVersion,
    platform: latest.platform,
    engine: latest.engine,
    startedAt: first.at,
    endedAt: ended?.at ?? null,
    outcome: ended?.outcome ?? "running",
    durationMs: ended?.durationMs ?? null,
    stages: stages.map((stage) => ({
      name: stage.name,
      steps: stage.steps.flatMap((head) => steps.get(head.name) ?? []),
    })),
    dropped: latest.dropped,
    approvals,
    warnings,
    resumes,
    pending: ended?.pending ?? [],
  };
}

type Heads = Pick<
  RunStarted,
  "stages" | "finally" | "dropped" | "greenlightVersion" | "nodeVersion" | "platform" | "engine"
>;

function headsOf(event: Pick<RunStarted, "stages" | "finally">): readonly PlannedStepHead[] {
  return [...event.stages.flatMap((stage) => stage.steps), ...event.finally];
}

/** What came to its end stays until it is told otherwise (see `keepStep`); everything else is to do again. */
function resumedStep(head: PlannedStepHead, before: StepView | undefined, event: RunResumed): StepView {
  if (before === undefined) return pendingStep(head);
  if (staysAsIs(before, event.mode) && !event.again.includes(head.name)) return { ...before, ...head };
  const { deadlineAt, attempts, retries } = before;
  const isInterrupted = before.outcome === "running" || before.outcome === "pending";
  const kept = event.mode === "retry" || !isInterrupted ? {} : { deadlineAt, attempts, retries };
  return { ...pendingStep(head), ...kept };
}

function staysAsIs({ outcome }: StepView, mode: RunResumed["mode"]): boolean {
  switch (mode) {
    case "stage":
      return outcome !== "running";
    case "resume":
      return isDone(outcome) || outcome === "failed";
    case "retry":
      return isDone(outcome);
    default:
      return unreachable(mode);
  }
}

function isDone(outcome: StepView["outcome"]): boolean {
  return outcome !== "pending" && outcome !== "running" && isSuccess(outcome);
}

function pendingStep(head: PlannedStepHead): StepView {
  return {
    ...head,
    outcome: "pending",
    why: "",
    isFromCache: false,
    isAlready: false,
    isAllowedFailure: false,
    attempts: 0,
    retries: [],
    deadlineAt: null,
    startedAt: null,
    endedAt: null,
    durationMs: 0,
    savedMs: 0,
    problems: [],
    evidence: [],
    outputs: {},
    facts: {},
    manifestDigest: null,
    logDigest: null,
  };
}

function advanceStep(
  before: StepView,
  event: Extract<RunEvent, { type: "step-started" | "step-retrying" | "step-ended" }>,
): StepView {
  if (event.type === "step-started") {
    return {
      ...before,
      outcome: "running",
      why: event.why,
      startedAt: event.attempt > 1 ? (before.startedAt ?? event.at) : event.at,
      attempts: event.attempt,
      retries: event.attempt > 1 ? before.retries : [],
      deadlineAt: event.deadlineAt,
    };
  }
  if (event.type === "step-retrying") {
    const { attempt, outcome, why } = event;
    return { ...before, retries: [...before.retries, { attempt, outcome, why }] };
  }
  return {
    ...before,
    outcome: event.outcome,
    why: event.why,
    isFromCache: event.isFromCache,
    isAlready: event.isAlready,
    isAllowedFailure: event.isAllowedFailure,
    attempts: event.attempts,
    startedAt: before.startedAt ?? event.at,
    endedAt: event.at,
    durationMs: event.durationMs,
    savedMs: event.savedMs,
    problems: event.problems,
    evidence: event.evidence,
    outputs: event.outputs,
    facts: event.facts,
    manifestDigest: event.manifestDigest,
    logDigest: event.logDigest,
  };
}
