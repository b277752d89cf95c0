import type { FindingsEvidence } from "../evidence.ts";
import { findingsEvidence } from "../findings.ts";

/** Evidence of a tool that could not get the data by which it judges: its silence proves nothing, and `why` says what was missing. */
export function inconclusive(tool: string, why: string): FindingsEvidence {
  const evidence = findingsEvidence({ tool, checkedCount: null, findings: [] });
  return Object.assign(evidence, { isInconclusive: true, why: why.replace(/\s+/gu, " ").trim().slice(0, 500) });
}
