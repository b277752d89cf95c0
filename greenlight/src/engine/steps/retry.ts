import type { RetryPolicy } from "../../pipeline/definition.ts";
import type { StepVerdict } from "./step-verdict.ts";

/** Milliseconds before the attempt that follows `attempt`: delay × factor^(attempt − 1), bounded. */
export function retryDelayMs(policy: RetryPolicy | null, attempt: number): number {
  if (policy === null) return 0;
  return Math.min(policy.maxDelayMs, Math.round(policy.delayMs * policy.factor ** (attempt - 1)));
}

/** True when the policy wants another attempt and the step's deadline leaves time for one. */
export function isRetried(
  policy: RetryPolicy | null,
  ended: { readonly verdict: StepVerdict; readonly attempt: number; readonly leftMs: number },
): boolean {
  if (policy === null || ended.attempt >= policy.attempts || ended.leftMs <= 0) return false;
  const { outcome, problems } = ended.verdict;
  if (problems.some((each) => each.code === "STEP_TIMEOUT")) return policy.on.includes("timed-out");
  return (outcome === "failed" || outcome === "errored") && policy.on.includes(outcome);
}

/** Why the policy's next attempt is not made although it wants one: the step's deadline comes first. Null otherwise. */
export function describeNoTime(
  policy: RetryPolicy | null,
  ended: { readonly verdict: StepVerdict; readonly attempt: number; readonly leftMs: number },
): string | null {
  const isWanted = isRetried(policy, { ...ended, leftMs: Number.POSITIVE_INFINITY });
  if (policy === null || !isWanted || ended.leftMs > 0) return null;
  return `its deadline comes before attempt ${ended.attempt + 1} of ${policy.attempts}`;
}
