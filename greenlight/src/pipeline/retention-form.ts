import { hasExactly } from "./plain-data.ts";
import type { RetentionPolicy } from "./retention-definition.ts";
import type { Checks } from "./step-form.ts";

export const MAX_KEPT = 100_000;
export const MAX_DAYS = 36_500;
/** Environments remember that many deployments. */
export const MAX_RELEASES = 100;

const optional = (check: (value: unknown) => boolean) => (value: unknown) => value === undefined || check(value);
const whole = (least: number, most: number) =>
  optional((value) => Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most);

/** Member of the policy → its fields. The page on definitions lists them. */
export const RETENTION = {
  runs: { keep: whole(1, MAX_KEPT), days: whole(0, MAX_DAYS) },
  cache: { days: whole(0, MAX_DAYS), maxBytes: whole(0, Number.MAX_SAFE_INTEGER) },
  releases: { keep: whole(1, MAX_RELEASES) },
} as const;

const POLICY: Checks<RetentionPolicy> = {
  runs: optional((value) => hasExactly(value, RETENTION.runs)),
  cache: optional((value) => hasExactly(value, RETENTION.cache)),
  releases: optional((value) => hasExactly(value, RETENTION.releases)),
};

/** True for a policy as `projectSchema` would have it. */
export function isRetention(value: unknown): value is RetentionPolicy {
  return hasExactly(value, POLICY);
}
