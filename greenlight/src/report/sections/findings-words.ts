import type { Finding, FindingsEvidence } from "../../evidence/evidence.ts";
import { levelsOf } from "../../evidence/findings.ts";
import { formatCount, formatPlural } from "../text/format.ts";

const LEVELS = ["error", "warning", "note"] as const;

/** "none in 143 files", or how many of which level. Never says more than the evidence does. */
export function sayCount(evidence: FindingsEvidence): string {
  const { checkedCount, findingCount, findings, isInconclusive, why } = evidence;
  if (isInconclusive === true && findingCount === 0) return `inconclusive: ${why ?? "its data could not be reached"}`;
  const place = checkedCount === null ? "" : ` in ${formatPlural(checkedCount, "file")}`;
  if (findingCount === 0) return place === "" ? "none; the tool does not say how many files it read" : `none${place}`;
  if (evidence.levels === undefined && findingCount > findings.length)
    return formatPlural(findingCount, "finding") + place;
  const levels = levelsOf(evidence);
  const counts = LEVELS.flatMap((level) => (levels[level] === 0 ? [] : [formatPlural(levels[level], level)]));
  return counts.join(", ") + place;
}

/** What policy and baseline say of them. */
export function sayAsides({ judged, isInconclusive, findingCount, why }: FindingsEvidence): readonly string[] {
  const missing = isInconclusive === true && findingCount > 0 ? [`inconclusive: ${why ?? "its data was missing"}`] : [];
  if (judged === undefined) return missing;
  const { knownCount, suppressedCount, vanishedCount, expired } = judged;
  const newCount = LEVELS.reduce((sum, level) => sum + judged.failed[level] + judged.warned[level], 0);
  return [
    ...missing,
    ...(knownCount === null ? [] : [`${formatCount(newCount)} new, ${formatCount(knownCount)} known`]),
    ...(suppressedCount === 0 ? [] : [`${formatCount(suppressedCount)} suppressed`]),
    ...(vanishedCount === 0 ? [] : [`${formatCount(vanishedCount)} of the baseline gone`]),
    ...expired.map(({ reason, expires, count }) => `${formatCount(count)} count again since ${expires}: ${reason}`),
  ];
}

/** Red for what fails, amber for what warns or proves nothing. */
export function toneOf(evidence: FindingsEvidence): "good" | "warn" | "bad" {
  const { judged, isInconclusive, findingCount } = evidence;
  const count = (which: "failed" | "warned"): number =>
    LEVELS.reduce((sum, level) => sum + (judged?.[which][level] ?? 0), 0);
  const isBad = judged === undefined ? levelsOf(evidence).error > 0 : count("failed") > 0;
  if (isBad) return "bad";
  const isWarned = judged === undefined ? findingCount > 0 : count("warned") > 0;
  return isWarned || isInconclusive === true ? "warn" : "good";
}

/** One word for what the baseline and the suppressions say of it; none where there is neither. */
export function noveltyOf({ isNew, suppression }: Finding): "" | "new" | "known" | "suppressed" {
  if (suppression !== undefined) return "suppressed";
  return isNew === undefined ? "" : isNew ? "new" : "known";
}

/** " (12 in all)" beside a file of which not every finding is shown; empty where all are, or nobody counted. */
export function countOfReport({ files }: FindingsEvidence, file: string | null, shownCount: number): string {
  const count = files?.find(({ path }) => path === file)?.count ?? shownCount;
  return count > shownCount ? ` (${formatCount(count)} in all)` : "";
}
