import type { Deployment } from "./deployment.ts";

/** A person's answer to whether a deployment may go on, as it is kept beside the environment. */
export interface ApprovalRecord {
  readonly schema: 1;
  /** The deployment that waited when the answer was given. */
  readonly deploymentId: string;
  readonly runId: string;
  readonly releaseId: string;
  /** The answer is about this release and no other. */
  readonly digest: string;
  readonly answer: "granted" | "rejected";
  readonly by: string;
  readonly why: string;
  readonly how: ApprovalMeans;
  /** ISO 8601, UTC. */
  readonly at: string;
  /** ISO 8601, UTC; null: it does not expire. A rejection never does. */
  readonly expiresAt: string | null;
}

export type ApprovalMeans = (typeof MEANS)[number];

const MEANS = ["terminal", "--yes", "command", "code-host"] as const;

/** Since when a deployment waits, and how long it and a grant hold. */
export interface ApprovalWait {
  /** ISO 8601, UTC. */
  readonly at: string;
  /** Milliseconds; null: for ever. */
  readonly expiresAfterMs: number | null;
}

/** What is known of an environment's answers at one moment. */
export interface AnswersKnown {
  readonly answers: readonly ApprovalRecord[];
  readonly deployments: readonly Deployment[];
  /** Milliseconds since the epoch. */
  readonly now: number;
}

/**
 * The answer that counts for a deployment: the one it was given itself, else a grant that an earlier deployment of exactly
 * this digest was given and did not use up, because it never got the traffic. Null: nobody has answered, or no more in time.
 */
export function findAnswer(deployment: Deployment, known: AnswersKnown): ApprovalRecord | null {
  const fitting = known.answers.filter(
    (each) => each.digest === deployment.digest && !isPast(each.expiresAt, known.now),
  );
  const own = fitting.find((each) => each.deploymentId === deployment.id);
  if (own !== undefined) return own;
  return fitting.find((each) => each.answer === "granted" && !isUsedUp(each, known.deployments)) ?? null;
}

/** Why approvals that were given do not count for a deployment, a clause each: whoever gave one wonders why they are asked again. */
export function uncountedApprovals(deployment: Deployment, known: AnswersKnown): readonly string[] {
  const { digest, releaseId } = deployment;
  const grants = known.answers.filter((each) => each.answer === "granted");
  const own = grants.filter((each) => each.digest === digest);
  const others = grants.filter((each) => each.digest !== digest && !isPast(each.expiresAt, known.now));
  return [
    ...own.flatMap((each) => {
      if (isPast(each.expiresAt, known.now))
        return [`${each.by}'s approval of ${each.at} expired at ${each.expiresAt}`];
      return isUsedUp(each, known.deployments)
        ? [`${each.by}'s approval of ${each.at} was used by an earlier deployment`]
        : [];
    }),
    ...others
      .filter((each) => !isUsedUp(each, known.deployments))
      .map(
        (each) =>
          `${each.by}'s approval of ${each.at} is for ${each.releaseId} (digest ${each.digest.slice(0, 12)}), not for ${releaseId} (${digest.slice(0, 12)})`,
      ),
  ];
}

/**
 * Whether a deployment that was left waiting can go on for a new request instead of being superseded. A rejected one ends as
 * rejected in the run that waited; any other run has to ask anew.
 */
export function canGoOn(
  waiting: Deployment,
  request: { readonly digest: string; readonly runId: string },
  known: AnswersKnown,
): boolean {
  if (waiting.digest !== request.digest) return false;
  const answer = findAnswer(waiting, known);
  if (answer?.answer === "granted") return true;
  if (answer?.answer === "rejected") return waiting.runId === request.runId;
  return !isWaitOver(waiting.approvalWait, known.now);
}

/** When a wait ends, or a grant that is given now, as ISO 8601; null: never. */
export function expiryOf(at: string, expiresAfterMs: number | null): string | null {
  return expiresAfterMs === null ? null : new Date(Date.parse(at) + expiresAfterMs).toISOString();
}

export function isWaitOver(wait: ApprovalWait | null, now: number): boolean {
  return wait !== null && isPast(expiryOf(wait.at, wait.expiresAfterMs), now);
}

/** Null when `value` is not a whole answer of this version. */
export function parseApproval(value: unknown): ApprovalRecord | null {
  if (typeof value !== "object" || value === null) return null;
  const record = value as Partial<Record<keyof ApprovalRecord, unknown>>;
  const { deploymentId, runId, releaseId, digest, by, why, how, at, expiresAt } = record;
  const isWhole =
    record.schema === 1 &&
    [deploymentId, runId, releaseId, digest, by, why].every((text) => typeof text === "string") &&
    (record.answer === "granted" || record.answer === "rejected") &&
    MEANS.some((means) => means === how) &&
    isTime(at) &&
    (expiresAt === null || isTime(expiresAt));
  return isWhole ? (value as ApprovalRecord) : null;
}

function isTime(value: unknown): boolean {
  return typeof value === "string" && Number.isFinite(Date.parse(value));
}

function isPast(expiresAt: string | null, now: number): boolean {
  return expiresAt !== null && Date.parse(expiresAt) <= now;
}

/** One approval lets its release go live once. */
function isUsedUp({ digest, at }: ApprovalRecord, deployments: readonly Deployment[]): boolean {
  return deployments.some(
    (each) =>
      each.digest === digest &&
      each.transitions.some(({ state, at: enteredAt }) => state === "baking" && enteredAt >= at),
  );
}
