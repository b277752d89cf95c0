import type { Finding, FindingsEvidence } from "./evidence.ts";

/** A SARIF 2.1.0 log, the part of it that Greenlight writes. */
export interface SarifLog {
  readonly $schema: string;
  readonly version: "2.1.0";
  readonly runs: readonly SarifRun[];
}

export interface SarifRun {
  readonly tool: { readonly driver: { readonly name: string; readonly rules: readonly { readonly id: string }[] } };
  readonly results: readonly SarifResult[];
  /** Says how many findings there were when not all of them are in `results`. */
  readonly properties?: { readonly findingCount: number };
}

export interface SarifResult {
  readonly ruleId: string;
  readonly ruleIndex: number;
  readonly level: Finding["level"];
  readonly message: { readonly text: string };
  readonly locations?: readonly {
    readonly physicalLocation: {
      readonly artifactLocation: { readonly uri: string; readonly uriBaseId: "%SRCROOT%" };
      readonly region?: { readonly startLine: number };
    };
  }[];
}

/**
 * The findings of all tools as one SARIF 2.1.0 log: one run a tool, in the order in which the tools first appear.
 * The same evidence gives the same log. Format: OASIS, "Static Analysis Results Interchange Format 2.1.0".
 */
export function toSarif(evidence: readonly FindingsEvidence[]): SarifLog {
  const byTool = Map.groupBy(evidence, (each) => each.tool);
  return {
    $schema: "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json",
    version: "2.1.0",
    runs: [...byTool].map(([tool, parts]) => toRun(tool, parts)),
  };
}

function toRun(tool: string, parts: readonly FindingsEvidence[]): SarifRun {
  const findings = parts.flatMap((part) => part.findings);
  const rules = [...new Set(findings.map((finding) => finding.rule))].toSorted();
  const findingCount = parts.reduce((sum, part) => sum + part.findingCount, 0);
  return {
    tool: { driver: { name: tool, rules: rules.map((id) => ({ id })) } },
    results: findings.map((finding) => toResult(finding, rules.indexOf(finding.rule))),
    ...(findingCount > findings.length ? { properties: { findingCount } } : {}),
  };
}

function toResult(finding: Finding, ruleIndex: number): SarifResult {
  const { rule, level, message, file, line } = finding;
  const result: SarifResult = { ruleId: rule, ruleIndex, level, message: { text: message } };
  if (file === null) return result;
  const uri = file.split("/").map(encodeURIComponent).join("/");
  const region = line === null ? {} : { region: { startLine: line } };
  return {
    ...result,
    locations: [{ physicalLocation: { artifactLocation: { uri, uriBaseId: "%SRCROOT%" }, ...region } }],
  };
}
