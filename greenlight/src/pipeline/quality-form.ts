import { hasExactly, isFilled, isFilledListOf, isListOf, isPath } from "./plain-data.ts";
import type { QualityPolicy, QualityRule, Suppression } from "./quality-definition.ts";
import type { Checks } from "./step-form.ts";

/** A calendar day: `2027-01-31`. */
export const DAY = /^\d{4}-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])$/u;

const optional = (check: (value: unknown) => boolean) => (value: unknown) => value === undefined || check(value);
const oneOf = (...words: readonly unknown[]) => optional((value) => words.includes(value));
const isPercent = optional((value) => typeof value === "number" && value >= 0 && value <= 100);

const PATTERN = {
  tool: optional(isFilled),
  rule: optional(isFilled),
  paths: optional((value) => isFilledListOf(value, isPath)),
};
const RULE: Checks<QualityRule> = {
  ...PATTERN,
  level: oneOf("error", "warning", "note"),
  outcome: (value: unknown) => value === "pass" || value === "warn" || value === "fail",
};
const SUPPRESSION: Checks<Suppression> = {
  ...PATTERN,
  reason: isFilled,
  expires: optional((value) => typeof value === "string" && DAY.test(value)),
};
const COVERAGE: Checks<NonNullable<QualityPolicy["coverage"]>> = {
  floorPercent: isPercent,
  changedLinesPercent: isPercent,
  against: optional(isFilled),
};
const QUALITY: Checks<QualityPolicy> = {
  baseline: optional(isPath),
  rules: optional((value) => isListOf(value, (each) => hasExactly(each, RULE))),
  suppressions: optional((value) => isListOf(value, (each) => hasExactly(each, SUPPRESSION))),
  unreachable: oneOf("warn", "fail"),
  flaky: oneOf("pass", "warn", "fail"),
  coverage: optional((value) => hasExactly(value, COVERAGE)),
};

/** True for a policy as `projectSchema` would have it. */
export function isQuality(value: unknown): value is QualityPolicy {
  return hasExactly(value, QUALITY);
}
