import { cutText, MAX_ENTRIES } from "./bounds.ts";
import type { Finding, FindingsEvidence, LevelCounts } from "./evidence.ts";

const SEVERITY: Readonly<Record<Finding["level"], number>> = { error: 0, warning: 1, note: 2 };
const MAX_ADDRESS = 500;

/** All findings of a report as evidence, the worst ones first, so that no bound ever cuts an error before a note. */
export function findingsEvidence(
  found: Pick<FindingsEvidence, "tool" | "checkedCount" | "findings" | "isInconclusive" | "why">,
): FindingsEvidence {
  const { tool, checkedCount, findings, isInconclusive, why } = found;
  return {
    kind: "findings",
    tool,
    checkedCount,
    findings: findings
      .toSorted((left, right) => SEVERITY[left.level] - SEVERITY[right.level])
      .map((finding) => cleanFinding(finding)),
    findingCount: findings.length,
    ...(isInconclusive === undefined ? {} : { isInconclusive }),
    ...(why === undefined ? {} : { why: cutText(why, 500) }),
  };
}

/** No longer than what is stored: the rest is counted. */
export function cutFindings(evidence: FindingsEvidence): FindingsEvidence {
  return evidence.findings.length <= MAX_ENTRIES
    ? evidence
    : { ...evidence, findings: evidence.findings.slice(0, MAX_ENTRIES) };
}

/** The finding with its texts bounded and free of control characters, and nothing in it that is no place or address. */
export function cleanFinding(finding: Finding): Finding {
  const { rule, message, file, column, endLine, endColumn, helpUri, ...rest } = finding;
  return {
    ...rest,
    rule: cutText(rule, 200),
    message: cutText(message),
    file: file === null ? null : cutText(file),
    ...optionalNumber("column", column),
    ...optionalNumber("endLine", endLine),
    ...optionalNumber("endColumn", endColumn),
    ...(isAddress(helpUri) ? { helpUri } : {}),
  };
}

/** A line number as evidence keeps it: a positive integer, or null. */
export function lineNumber(value: unknown): number | null {
  const line = typeof value === "string" ? Number(value) : value;
  return typeof line === "number" && Number.isSafeInteger(line) && line > 0 ? line : null;
}

/** How many of each level there are; of a list that was cut by a reader of an earlier version, at least so many. */
export function levelsOf(evidence: FindingsEvidence): LevelCounts {
  if (evidence.levels !== undefined) return evidence.levels;
  const counts = { error: 0, warning: 0, note: 0 };
  for (const { level } of evidence.findings) counts[level] += 1;
  return counts;
}

/** True for a finding that neither the baseline knows nor a suppression covers. */
export function isCounted(finding: Finding): boolean {
  return finding.isNew !== false && finding.suppression === undefined;
}

function optionalNumber<Name extends string>(name: Name, value: unknown): Partial<Record<Name, number>> {
  const number = lineNumber(value);
  return number === null ? {} : ({ [name]: number } as Record<Name, number>);
}

/** Shown as a link, so only what a browser opens as a page. */
function isAddress(text: string | undefined): text is string {
  return text !== undefined && text.length <= MAX_ADDRESS && /^https?:\/\/[^\s\p{Cc}]+$/u.test(text);
}
