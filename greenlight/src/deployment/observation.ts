import type { Problem } from "../base/problem.ts";
import type { ApprovalRecord } from "./approval.ts";
import type { Deployment } from "./deployment.ts";
import type { GateReport } from "./gates/gate.ts";
import { NO_FIGURES, type BakingFigures } from "./judge-baking.ts";
import type { DeploymentTimings, ProbeAnswer, TargetState } from "./target.ts";

/** What `decide` is told about the world. */
export interface Observation {
  readonly timings: DeploymentTimings;
  readonly target: TargetState;
  readonly lease: "none" | "held" | "lost";
  readonly needsApproval: boolean;
  /** Which gates the request brings; left out: none. */
  readonly gates?: { readonly smoke: boolean; readonly replay: boolean };
  readonly found: Findings;
}

/** What this controller found out since it entered the present state. */
export interface Findings {
  /** When it began to look, in milliseconds since the epoch: later than the entry when it took over from another. */
  readonly since: number;
  /** Who has the lease, when it was asked for in vain. */
  readonly leaseHeldBy: string | null;
  /** Whether the same release is live and well. */
  readonly isServing: boolean;
  /** Whether deployments that others left unfinished were brought to an end. */
  readonly isHealed: boolean;
  /** A deployment of the same release that was left waiting for a person and goes on now. */
  readonly continued: Deployment | null;
  /** Null: not looked yet. */
  readonly preflight: readonly Problem[] | null;
  /** Null: not asked yet. */
  readonly approval:
    | { readonly kind: "answered"; readonly answer: ApprovalRecord }
    | { readonly kind: "waiting" }
    | { readonly kind: "expired" }
    | null;
  /** While it waited for a person, another controller took this deployment over or ended it. */
  readonly isOvertaken: boolean;
  readonly isInstalled: boolean;
  readonly isClosed: boolean;
  readonly isPruned: boolean;
  readonly green: ProbeStreak;
  readonly blue: ProbeStreak;
  readonly health: ProbeAnswer | null;
  /** What the gate of this state found out; null: not asked yet. */
  readonly gate: GateReport | null;
  readonly baking: BakingFigures;
  /** Effects begun since the state was entered. */
  readonly effectCount: number;
  /** Attempts at the last effect that failed in a row. */
  readonly failedAttemptCount: number;
  readonly lastProblems: readonly Problem[];
}

export interface ProbeStreak {
  readonly count: number;
  /** Good answers, in a row or not. */
  readonly goodCount: number;
  /** Good answers in a row. */
  readonly readyInARow: number;
  /** Answers in a row that were good but came from another release. */
  readonly wrongInARow: number;
  readonly last: ProbeAnswer | null;
}

const NO_STREAK: ProbeStreak = { count: 0, goodCount: 0, readyInARow: 0, wrongInARow: 0, last: null };

export function nothingFound(now: number): Findings {
  return {
    since: now,
    leaseHeldBy: null,
    isServing: false,
    isHealed: false,
    continued: null,
    preflight: null,
    approval: null,
    isOvertaken: false,
    isInstalled: false,
    isClosed: false,
    isPruned: false,
    green: NO_STREAK,
    blue: NO_STREAK,
    health: null,
    gate: null,
    baking: NO_FIGURES,
    effectCount: 0,
    failedAttemptCount: 0,
    lastProblems: [],
  };
}

export function extendStreak(streak: ProbeStreak, answer: ProbeAnswer, releaseId: string): ProbeStreak {
  const isReady = answer.status === 200 && answer.releaseId === releaseId;
  const isWrong = answer.status === 200 && answer.releaseId !== releaseId;
  return {
    count: streak.count + 1,
    goodCount: streak.goodCount + (isReady ? 1 : 0),
    readyInARow: isReady ? streak.readyInARow + 1 : 0,
    wrongInARow: isWrong ? streak.wrongInARow + 1 : 0,
    last: answer,
  };
}

/** What a release answered that was not ready `wanted` times in a row, in one clause. */
export function describeStreak({ last, goodCount, count }: ProbeStreak, wanted: number): string {
  if (last === null) return "it was not asked";
  if (goodCount > 0) {
    return `it was ready ${goodCount} of ${count} times, never ${wanted} times in a row; last answer: ${last.detail}`;
  }
  if (last.status !== 0) return `last answer: ${last.detail}`;
  return `nothing answers (${last.detail}); a service has to listen on the HOST and PORT that it is given`;
}
