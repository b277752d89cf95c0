import { z } from "zod";

import { ok } from "../../../base/result.ts";
import type { Finding } from "../../evidence.ts";
import { findingsEvidence, lineNumber } from "../../findings.ts";
import { projectPath } from "../../project-path.ts";
import { readJsonAs } from "../json-report.ts";
import type { Reader } from "../reader.ts";

/**
 * `eslint --format json`: a file an entry, severity 2 an error and 1 a warning. A message without a rule is about the
 * file as a whole: `fatal` when it can't be parsed.
 */
export const readEslintJson: Reader = (text, { tool, projectFolder }) => {
  const report = readJsonAs(text, REPORT);
  if (!report.ok) return report;
  const findings = report.value.flatMap(({ filePath, messages }) => {
    const file = projectPath(projectFolder, filePath);
    return messages.map((each): Finding => ({
      rule: each.ruleId ?? (each.fatal === true ? "parsing" : "eslint"),
      level: each.severity === 2 ? "error" : "warning",
      message: each.message,
      file,
      line: lineNumber(each.line),
    }));
  });
  return ok([findingsEvidence({ tool, checkedCount: report.value.length, findings })]);
};

const MESSAGE = z.object({
  ruleId: z.string().nullish(),
  severity: z.union([z.literal(1), z.literal(2)]),
  fatal: z.boolean().optional(),
  message: z.string(),
  line: z.number().nullish(),
});
const REPORT = z.array(z.object({ filePath: z.string(), messages: z.array(MESSAGE) }));
