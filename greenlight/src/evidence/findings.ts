import { cutText, MAX_ENTRIES } from "./bounds.ts";
import type { Finding, FindingsEvidence } from "./evidence.ts";

const SEVERITY: Readonly<Record<Finding["level"], number>> = { error: 0, warning: 1, note: 2 };

/** Findings as evidence: the worst ones first, so that the bound never cuts an error before a note. */
export function findingsEvidence(found: {
  readonly tool: string;
  readonly checkedCount: number | null;
  readonly findings: readonly Finding[];
}): FindingsEvidence {
  const worstFirst = found.findings.toSorted((left, right) => SEVERITY[left.level] - SEVERITY[right.level]);
  return {
    kind: "findings",
    tool: found.tool,
    checkedCount: found.checkedCount,
    findings: worstFirst.slice(0, MAX_ENTRIES).map((finding) => ({
      ...finding,
      rule: cutText(finding.rule, 200),
      message: cutText(finding.message),
      file: finding.file === null ? null : cutText(finding.file),
    })),
    findingCount: found.findings.length,
  };
}

/** A line number as evidence keeps it: a positive integer, or null. */
export function lineNumber(value: unknown): number | null {
  const line = typeof value === "string" ? Number(value) : value;
  return typeof line === "number" && Number.isSafeInteger(line) && line > 0 ? line : null;
}
