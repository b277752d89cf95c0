import type { RetryPolicy } from "../pipeline/definition.ts";
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
