import type { ToolReports } from "../pipeline/finding-reports.ts";
import type { QualityPolicy, Suppression } from "../pipeline/quality-definition.ts";
import type { Baseline } from "./baseline.ts";
import type { Finding } from "./evidence.ts";
import { matchesFinding } from "./finding-pattern.ts";

/** By what findings are judged. */
export interface FindingStandard {
  readonly policy: QualityPolicy | null;
  /** Null: there is none, so that nothing is known. */
  readonly baseline: Baseline | null;
  /** `2027-01-31`, in UTC. */
  readonly today: string;
  /** The tools of the whole project that bring findings; empty where nothing is suppressed. */
  readonly reports: readonly ToolReports[];
}

/** A finding with all that the standard says of it. */
export type JudgedFinding = Finding & { readonly outcome: "pass" | "warn" | "fail" };

const BY_LEVEL = { error: "fail", warning: "warn", note: "pass" } as const;

/**
 * Judges one finding: the first rule that matches says what it comes to, else its level does. A suppression that has not
 * expired, or a place in the baseline, keeps it from counting; `expired` is the suppression that no longer does. `matching`
 * are all suppressions that speak of it, also those that are over or that another one makes needless.
 */
export function judgeFinding(
  finding: Finding,
  tool: string,
  { policy, baseline, today }: FindingStandard,
): {
  readonly finding: JudgedFinding;
  readonly expired: Suppression | null;
  readonly matching: readonly Suppression[];
} {
  const rule = policy?.rules?.find(
    (each) => (each.level === undefined || each.level === finding.level) && matchesFinding(each, { tool, finding }),
  );
  const matching = (policy?.suppressions ?? []).filter((each) => matchesFinding(each, { tool, finding }));
  const holding = matching.find((each) => each.expires === undefined || each.expires >= today);
  const { fingerprint } = finding;
  const judged: JudgedFinding = {
    ...finding,
    outcome: rule?.outcome ?? BY_LEVEL[finding.level],
    ...(baseline === null || fingerprint === undefined ? {} : { isNew: !baseline.fingerprints.has(fingerprint) }),
    ...(holding === undefined ? {} : { suppression: suppressionOf(holding) }),
  };
  return { finding: judged, expired: holding === undefined ? (matching[0] ?? null) : null, matching };
}

function suppressionOf({ reason, expires }: Suppression): NonNullable<Finding["suppression"]> {
  return expires === undefined ? { reason } : { reason, expires };
}

/** The day of a time in milliseconds since the epoch, in UTC: `2027-01-31`. */
export function dayOf(nowMs: number): string {
  return new Date(nowMs).toISOString().slice(0, 10);
}
