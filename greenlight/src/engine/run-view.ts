import type { Json } from "../base/json.ts";
import type { Problem } from "../base/problem.ts";
import { unreachable } from "../base/unreachable.ts";
import type { Evidence } from "../evidence/evidence.ts";
import type { RunTrigger } from "../pipeline/plan.ts";
import type { ApprovalAnswered, PlannedStepHead, RunEvent, RunStarted } from "./event.ts";
import type { Outcome } from "./outcome.ts";

/** A run as people look at it. A pure projection of its events, complete or not. */
export interface RunView {
  readonly id: string;
  readonly project: string;
  readonly pipeline: string;
  readonly trigger: RunTrigger;
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
  readonly startedAt: string | null;
  readonly endedAt: string | null;
  readonly durationMs: number;
  readonly savedMs: number;
  readonly problems: readonly Problem[];
  readonly evidence: readonly Evidence[];
  readonly outputs: Readonly<Record<string, string>>;
  readonly facts: { readonly [name: string]: Json };
}

/** Projects `events`, which must be those of one run in order; undefined when the first is not its start. */
export function viewRun(events: readonly RunEvent[]): RunView | undefined {
  const first = events[0];
  if (first?.type !== "run-started") return undefined;
  const steps = new Map<string, StepView>();
  const stages = [...first.stages, ...(first.finally.length > 0 ? [{ name: "finally", steps: first.finally }] : [])];
  for (const stage of stages) for (const head of stage.steps) steps.set(head.name, pendingStep(head));
  const approvals: (ApprovalAnswered & { at: string })[] = [];
  let ended: { at: string; outcome: Outcome; durationMs: number } | undefined;
  for (const event of events) {
    switch (event.type) {
      case "run-started":
      case "approval-wanted":
        break;
      case "approval-answered":
        approvals.push(event);
        break;
      case "step-started":
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
  return {
    id: first.runId,
    project: first.project,
    pipeline: first.pipeline,
    trigger: first.trigger,
    greenlightVersion: first.greenlightVersion,
    nodeVersion: first.nodeVersion,
    platform: first.platform,
    engine: first.engine,
    startedAt: first.at,
    endedAt: ended?.at ?? null,
    outcome: ended?.outcome ?? "running",
    durationMs: ended?.durationMs ?? null,
    stages: stages.map((stage) => ({
      name: stage.name,
      steps: stage.steps.flatMap((head) => steps.get(head.name) ?? []),
    })),
    dropped: first.dropped,
    approvals,
  };
}

function pendingStep(head: PlannedStepHead): StepView {
  return {
    ...head,
    outcome: "pending",
    why: "",
    isFromCache: false,
    isAlready: false,
    startedAt: null,
    endedAt: null,
    durationMs: 0,
    savedMs: 0,
    problems: [],
    evidence: [],
    outputs: {},
    facts: {},
  };
}

function advanceStep(before: StepView, event: Extract<RunEvent, { type: "step-started" | "step-ended" }>): StepView {
  if (event.type === "step-started") return { ...before, outcome: "running", why: event.why, startedAt: event.at };
  return {
    ...before,
    outcome: event.outcome,
    why: event.why,
    isFromCache: event.isFromCache,
    isAlready: event.isAlready,
    startedAt: before.startedAt ?? event.at,
    endedAt: event.at,
    durationMs: event.durationMs,
    savedMs: event.savedMs,
    problems: event.problems,
    evidence: event.evidence,
    outputs: event.outputs,
    facts: event.facts,
  };
}
