import { z } from "zod";

import { err, ok } from "../../../base/result.ts";
import type { Finding } from "../../evidence.ts";
import { findingsEvidence, lineNumber } from "../../findings.ts";
import { projectPath } from "../../project-path.ts";
import { describeMismatch } from "../mismatch.ts";
import { parseJson, type Reader } from "../reader.ts";

/**
 * `gitleaks --report-format json`: each leak is an error. `Match`, `Secret` and the commit's message may quote the secret
 * when it was called without `--redact`, so none of them is read.
 */
export const readGitleaksJson: Reader = (text, { tool, projectFolder }) => {
  const json = parseJson(text);
  if (!json.ok) return json;
  const report = REPORT.safeParse(json.value);
  if (!report.success) return err(describeMismatch(report.error));
  const findings = (report.data ?? []).map((leak): Finding => {
    const commit = leak.Commit === undefined || leak.Commit === "" ? "" : `, in commit ${leak.Commit.slice(0, 12)}`;
    return {
      rule: leak.RuleID,
      level: "error",
      message: `${leak.Description ?? "found a secret"}${commit}`,
      file: projectPath(projectFolder, leak.File),
      line: lineNumber(leak.StartLine),
    };
  });
  return ok([findingsEvidence({ tool, checkedCount: null, findings })]);
};

const LEAK = z.object({
  RuleID: z.string(),
  Description: z.string().optional(),
  File: z.string(),
  StartLine: z.number().optional(),
  Commit: z.string().optional(),
});
/** Older versions write `null` where there is none. */
const REPORT = z.array(LEAK).nullable();
