import { z } from "zod";

import { ok } from "../../../base/result.ts";
import type { Finding } from "../../evidence.ts";
import { findingsEvidence, lineNumber } from "../../findings.ts";
import { projectPath, withoutFolder } from "../../project-path.ts";
import { readJsonAs } from "../json-report.ts";
import type { Reader } from "../reader.ts";

/**
 * Bandit's JSON. Severities come out as in its own SARIF: high an error, medium a warning, low a note. A file that it could
 * not parse does not change its exit; here it warns, because nothing is known of it.
 */
export const readBanditJson: Reader = (text, { tool, projectFolder }) => {
  const report = readJsonAs(text, REPORT);
  if (!report.ok) return report;
  const { results, errors, metrics } = report.value;
  const findings: Finding[] = results.map((result) => ({
    rule: result.test_id,
    level: LEVELS.get(result.issue_severity) ?? "warning",
    message: withoutFolder(projectFolder, result.issue_text),
    file: projectPath(projectFolder, result.filename),
    line: lineNumber(result.line_number),
  }));
  for (const { filename, reason } of errors) {
    const message = `not scanned: ${withoutFolder(projectFolder, reason)}`;
    findings.push({
      rule: "not-scanned",
      level: "warning",
      message,
      file: projectPath(projectFolder, filename),
      line: null,
    });
  }
  const checked = Object.keys(metrics).filter((name) => name !== "_totals");
  return ok([findingsEvidence({ tool, checkedCount: checked.length, findings })]);
};

// A report may call a severity "constructor".
const LEVELS: ReadonlyMap<string, Finding["level"]> = new Map([
  ["HIGH", "error"],
  ["MEDIUM", "warning"],
  ["LOW", "note"],
]);

const REPORT = z.object({
  results: z.array(
    z.object({
      test_id: z.string(),
      issue_severity: z.string(),
      issue_text: z.string(),
      filename: z.string(),
      line_number: z.number().nullish(),
    }),
  ),
  errors: z.array(z.object({ filename: z.string(), reason: z.string() })),
  metrics: z.record(z.string(), z.unknown()),
});
