import type { Attempts } from "./attempts.ts";
import type { IssuedCertificate } from "./certificate-files.ts";

/** When the authority is asked, all times in milliseconds since the epoch. */
export type AttemptDecision =
  | { readonly kind: "attempt"; readonly why: string }
  | { readonly kind: "rest"; readonly until: number };

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
/** Let's Encrypt bears five failed validations of a name in an hour. */
const HOURLY_LIMIT = 4;
/** After so many failures in a row; the last one for all beyond. */
const BACKOFF_MS = [0, 5 * MINUTE_MS, 20 * MINUTE_MS, HOUR_MS, 3 * HOUR_MS, 6 * HOUR_MS, 12 * HOUR_MS];
/** Of its lifetime a certificate is used up when it is renewed. */
const RENEWAL_SHARE = 2 / 3;

/**
 * Whether a certificate is asked for now. `isOrdered`: a person deploys and waits for it, so that the pause after a failure is left
 * out; the authority's own limits hold all the same.
 */
export function decideAttempt(at: {
  readonly now: number;
  readonly current: IssuedCertificate | null;
  readonly domains: readonly string[];
  readonly attempts: Attempts;
  readonly isOrdered: boolean;
}): AttemptDecision {
  const { now, current, attempts } = at;
  const wanted = wantedSince(at);
  if (wanted.at > now) return { kind: "rest", until: wanted.at };
  const { begunAt, failureCount, retryAt } = attempts;
  // A clock that was set back must not let the authority be asked without end, nor never again.
  const recent = begunAt.filter((each) => each > now - HOUR_MS && each <= now + HOUR_MS);
  const full = recent.length >= HOURLY_LIMIT ? (recent.at(-HOURLY_LIMIT) ?? now) + HOUR_MS : 0;
  const isUseless = current === null || current.validTo <= now;
  const pauseMs = BACKOFF_MS[Math.min(failureCount, BACKOFF_MS.length - 1)] ?? 0;
  const rested = at.isOrdered && isUseless ? 0 : (recent.at(-1) ?? begunAt.at(-1) ?? 0) + pauseMs;
  const until = Math.max(full, retryAt ?? 0, failureCount === 0 ? 0 : rested);
  return until > now ? { kind: "rest", until } : { kind: "attempt", why: wanted.why };
}

/** From when on another certificate is wanted, were it not for what was tried. */
function wantedSince(at: Pick<Parameters<typeof decideAttempt>[0], "current" | "domains">): {
  readonly at: number;
  readonly why: string;
} {
  const { current, domains } = at;
  if (current === null) return { at: 0, why: "there is none yet" };
  const missing = domains.filter((domain) => !current.domains.includes(domain.toLowerCase()));
  if (missing.length > 0) return { at: 0, why: `it is not for ${missing.join(", ")}` };
  const dueAt = current.validFrom + (current.validTo - current.validFrom) * RENEWAL_SHARE;
  return { at: Math.ceil(dueAt), why: "two thirds of its lifetime are over" };
}
