import type { Problem } from "../base/problem.ts";
import type { DeploymentRecord, DeploymentStateName } from "./environment.ts";
import { NO_GATES } from "./gates/gate-record.ts";
import type { LiveRelease } from "./target.ts";

/** A deployment as it is persisted beside its environment: all that another controller needs to bring it to an end. */
export interface Deployment extends DeploymentRecord {
  readonly schema: 1;
  /** What had the traffic when this deployment began; null: nothing, so there is nothing to go back to. */
  readonly blue: LiveRelease | null;
  /** The release that runs already and gets the traffic back (`kind` is `rollback`); null: one is started. */
  readonly warm: LiveRelease | null;
  /** `hold`: blue was stopped to make room for green, or was about to be; left out: both run side by side. */
  readonly swap?: "hold";
  readonly service: { readonly readyPath: string; readonly healthPath: string };
  /** See `sealSecrets`; left out or null: it was given none. */
  readonly secretsSeal?: string | null;
  /** Why it is being ended early by somebody; it says nothing about the release. */
  readonly interruption: Interruption | null;
  /** What went wrong with it. */
  readonly failure: Failure | null;
  /** What was done, oldest first: the intent is written before the effect, how it went after it. */
  readonly steps: readonly DeploymentStep[];
}

export interface Interruption {
  /**
   * `abandoned`: its controller died. `superseded`: it waited for an approval, and a newer one came. `overruled`: a person
   * asked for a rollback meanwhile.
   */
  readonly kind: "cancelled" | "abandoned" | "superseded" | "overruled";
  readonly why: string;
}

export interface Failure {
  readonly kind: "failed" | "rejected";
  readonly why: string;
  readonly problems: readonly Problem[];
}

interface DeploymentStep {
  readonly effect: string;
  /** ISO 8601, UTC. */
  readonly intendedAt: string;
  /** Null: not known to have ended. */
  readonly observedAt: string | null;
  readonly problems: readonly Problem[];
}

const STEP_LIMIT = 200;
const PROBLEM_LIMIT = 20;

export function stateOf(deployment: Deployment): DeploymentStateName {
  return deployment.transitions.at(-1)?.state ?? "queued";
}

/** Milliseconds since the epoch at which the present state was entered. */
export function enteredAt(deployment: Deployment): number {
  return Date.parse(deployment.transitions.at(-1)?.at ?? "");
}

export function isFinished(deployment: Deployment): boolean {
  const state = stateOf(deployment);
  return state === "succeeded" || state === "aborted" || state === "rolled-back" || state === "needs-human";
}

/** This deployment's release as it stands in the route. */
export function greenOf(deployment: Deployment): LiveRelease {
  const { id, releaseId, digest, slot, warm } = deployment;
  return warm ?? { deploymentId: id, releaseId, digest, slot };
}

export function enterState(
  deployment: Deployment,
  entry: { readonly state: DeploymentStateName; readonly why: string; readonly failure: Failure | null },
  now: number,
): Deployment {
  const transition = { state: entry.state, at: new Date(now).toISOString(), why: entry.why };
  const failure = addFailure(deployment.failure, entry.failure);
  const bounded = failure === null ? null : { ...failure, problems: failure.problems.slice(0, PROBLEM_LIMIT) };
  return { ...deployment, failure: bounded, transitions: [...deployment.transitions, transition] };
}

/** What came last is what a person has to act upon; what came before says how it came to that. */
function addFailure(earlier: Failure | null, later: Failure | null): Failure | null {
  if (earlier === null || later === null) return earlier ?? later;
  return { ...later, problems: [...later.problems, ...earlier.problems] };
}

export function intendStep(deployment: Deployment, effect: string, now: number): Deployment {
  const step = { effect, intendedAt: new Date(now).toISOString(), observedAt: null, problems: [] };
  return { ...deployment, steps: [...deployment.steps, step].slice(-STEP_LIMIT) };
}

export function observeStep(deployment: Deployment, problems: readonly Problem[], now: number): Deployment {
  const last = deployment.steps.at(-1);
  if (last === undefined) return deployment;
  const step = { ...last, observedAt: new Date(now).toISOString(), problems: problems.slice(0, PROBLEM_LIMIT) };
  return { ...deployment, steps: [...deployment.steps.slice(0, -1), step] };
}

type Later = "approvalWait" | "kind" | "warm" | "gates";

/** Null when `value` is not a whole deployment of this version. */
export function parseDeployment(value: unknown): Deployment | null {
  if (typeof value !== "object" || value === null) return null;
  const record = value as Partial<Record<keyof Deployment, unknown>>;
  const texts = [record.id, record.environment, record.releaseId, record.digest, record.who, record.why, record.runId];
  const isWhole =
    record.schema === 1 &&
    texts.every((text) => typeof text === "string") &&
    Number.isSafeInteger(record.epoch) &&
    (record.slot === "blue" || record.slot === "green") &&
    typeof record.blue === "object" &&
    typeof record.service === "object" &&
    record.service !== null &&
    Array.isArray(record.transitions) &&
    record.transitions.length > 0 &&
    Array.isArray(record.steps);
  if (!isWhole) return null;
  // Records of earlier versions knew no wait, no gates and no rollback.
  const older = value as Omit<Deployment, Later> & Partial<Deployment>;
  const { approvalWait = null, kind = "deployment", warm = null, gates = NO_GATES, ...rest } = older;
  return { ...rest, approvalWait, kind, warm, gates: { ...NO_GATES, ...gates } };
}
