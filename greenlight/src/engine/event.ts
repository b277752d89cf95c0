import type { Json } from "../base/json.ts";
import type { Problem } from "../base/problem.ts";
import type { Evidence } from "../evidence/evidence.ts";
import type { RunTrigger } from "../pipeline/plan.ts";
import type { Outcome } from "./outcome.ts";

/** A run is an append-only list of these; everything shown anywhere is a projection of them. */
export type RunEvent = EventHead & EventBody;

export interface EventHead {
  readonly runId: string;
  /** 1, 2, 3, … within the run, without gaps. */
  readonly sequence: number;
  /** ISO 8601, UTC. */
  readonly at: string;
}

export type EventBody = RunStarted | StepStarted | ApprovalWanted | ApprovalAnswered | StepEnded | RunEnded;

export interface RunStarted {
  readonly type: "run-started";
  readonly project: string;
  readonly pipeline: string;
  readonly trigger: RunTrigger;
  readonly stages: readonly { readonly name: string; readonly steps: readonly PlannedStepHead[] }[];
  readonly finally: readonly PlannedStepHead[];
  readonly dropped: readonly { readonly step: string; readonly why: string }[];
  readonly greenlightVersion: string;
  readonly nodeVersion: string;
  readonly platform: string;
  /** The engine's process, so that a later start can tell a running engine from a dead one. */
  readonly engine: { readonly pid: number; readonly startTime: string };
}

export interface PlannedStepHead {
  readonly name: string;
  readonly kind: "task" | "effect";
  readonly needs: readonly string[];
  readonly environment: string | null;
}

export interface StepStarted {
  readonly type: "step-started";
  readonly step: string;
  /** Why it runs: the difference from the last success, or the effect's subject. */
  readonly why: string;
}

export interface ApprovalWanted {
  readonly type: "approval-wanted";
  readonly step: string;
  readonly environment: string;
  readonly releaseId: string;
  readonly digest: string;
}

export interface ApprovalAnswered {
  readonly type: "approval-answered";
  readonly step: string;
  readonly environment: string;
  readonly digest: string;
  readonly isGranted: boolean;
  readonly by: string;
  readonly how: string;
  readonly why: string;
}

export interface StepEnded {
  readonly type: "step-ended";
  readonly step: string;
  readonly outcome: Outcome;
  /** Why it ran, was taken from cache, was already so, failed or was skipped. */
  readonly why: string;
  readonly isFromCache: boolean;
  readonly isAlready: boolean;
  readonly durationMs: number;
  /** What the cached execution took, when `isFromCache`. */
  readonly savedMs: number;
  readonly problems: readonly Problem[];
  readonly evidence: readonly Evidence[];
  readonly manifestDigest: string | null;
  /** Output name → digest of what it holds. */
  readonly outputs: Readonly<Record<string, string>>;
  /** What an effect tells the steps that need it. */
  readonly facts: { readonly [name: string]: Json };
  /** What an effect's evidence is about, e.g. a deployment's id; null for tasks. */
  readonly subject: string | null;
}

export interface RunEnded {
  readonly type: "run-ended";
  readonly outcome: Outcome;
  readonly durationMs: number;
}
