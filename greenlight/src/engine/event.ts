import type { Json } from "../base/json.ts";
import type { Problem } from "../base/problem.ts";
import type { Evidence, TestsEvidence } from "../evidence/evidence.ts";
import type { EnvironmentSelection, RunTrigger } from "../pipeline/plan.ts";
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

export type EventBody =
  | RunStarted
  | RunResumed
  | RunWarned
  | CancelRequested
  | StepStarted
  | StepRetrying
  | ApprovalWanted
  | ApprovalAnswered
  | StepEnded
  | RunEnded;

export interface RunStarted {
  readonly type: "run-started";
  readonly project: string;
  readonly pipeline: string;
  readonly trigger: RunTrigger;
  /** How the environments were chosen; a later resume chooses alike. */
  readonly selection: EnvironmentSelection;
  readonly stages: readonly { readonly name: string; readonly steps: readonly PlannedStepHead[] }[];
  readonly finally: readonly PlannedStepHead[];
  readonly dropped: readonly { readonly step: string; readonly why: string }[];
  readonly greenlightVersion: string;
  readonly nodeVersion: string;
  readonly platform: string;
  /** The engine's process, so that a later start can tell a running engine from a dead one. */
  readonly engine: { readonly pid: number; readonly startTime: string };
}

/** The run goes on, in another engine or after its end. What the definition comes to now replaces what it was. */
export interface RunResumed {
  readonly type: "run-resumed";
  /** `resume` keeps attempts and deadlines, `retry` begins them anew, `stage` goes on with another part of the plan. */
  readonly mode: "resume" | "retry" | "stage";
  readonly by: string;
  readonly why: string;
  readonly stages: RunStarted["stages"];
  readonly finally: RunStarted["finally"];
  readonly dropped: RunStarted["dropped"];
  /** Steps that have to run again although their results hold. */
  readonly again: readonly string[];
  readonly greenlightVersion: string;
  readonly nodeVersion: string;
  readonly platform: string;
  readonly engine: RunStarted["engine"];
}

/** Something that does not spoil the run but that a person has to know: a store that is down, say. */
export interface RunWarned {
  readonly type: "run-warned";
  readonly problem: Problem;
}

export interface CancelRequested {
  readonly type: "cancel-requested";
  readonly by: string;
  readonly why: string;
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
  /** 1, 2, 3, … */
  readonly attempt: number;
  /** ISO 8601; the same for every attempt, also after a resume. */
  readonly deadlineAt: string;
}

/** An attempt ended in a way that its policy tries again. */
export interface StepRetrying {
  readonly type: "step-retrying";
  readonly step: string;
  /** The attempt that ended. */
  readonly attempt: number;
  readonly outcome: Outcome;
  readonly why: string;
  readonly problems: readonly Problem[];
  /** Tests that failed in that attempt, as far as its evidence names them; left out: none. */
  readonly failedTests?: TestsEvidence["failures"];
  readonly delayMs: number;
  /** All attempts that the policy allows. */
  readonly attemptLimit?: number;
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
  /** True: it failed and was allowed to, so it counts as `warned`. */
  readonly isAllowedFailure: boolean;
  /** How often it was started; 0 when it came from the cache or was skipped. */
  readonly attempts: number;
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
  /** Blob of what it wrote, when it is kept as one; a cached result has no log file of its own. */
  readonly logDigest: string | null;
}

export interface RunEnded {
  readonly type: "run-ended";
  readonly outcome: Outcome;
  readonly durationMs: number;
  /** Steps left for another part of the run (`--stage`); empty when the run is complete. */
  readonly pending: readonly string[];
  /** What the findings show that could be taken back: idle suppressions, known findings that are gone; left out: nothing. */
  readonly notices?: readonly Problem[];
}
