import { z } from "zod";

import { ok } from "../../base/result.ts";
import type { Finding } from "../evidence.ts";
import { findingsEvidence, lineNumber } from "../findings.ts";
import { projectPath } from "../project-path.ts";
import { readJsonAs } from "./json-report.ts";
import type { Reader } from "./reader.ts";

/**
 * `secretlint --format json`. The report carries whole source files, and unmasked secrets when masking is switched
 * off: nothing of either goes on. A message keeps what stands before its first colon (the kind of secret), and what
 * the report itself marks as secret is taken out of that as well.
 */
export const readSecretlintJson: Reader = (text, { tool, projectFolder }) => {
  const report = readJsonAs(text, REPORT);
  if (!report.ok) return report;
  const findings = report.value.flatMap((file) =>
    file.messages.map((message): Finding => {
      const rule = message.ruleId.split("/").at(-1) ?? message.ruleId;
      return {
        rule: message.messageId === undefined ? rule : `${rule}/${message.messageId}`,
        level: message.severity === "error" ? "error" : message.severity === "warning" ? "warning" : "note",
        message: maskedMessage(message, file.sourceContent),
        file: projectPath(projectFolder, file.filePath),
        line: lineNumber(message.loc?.start.line),
      };
    }),
  );
  return ok([findingsEvidence({ tool, checkedCount: report.value.length, findings })]);
};

const MESSAGE = z.object({
  message: z.string(),
  ruleId: z.string(),
  messageId: z.string().optional(),
  severity: z.string().optional(),
  range: z.tuple([z.int().min(0), z.int().min(0)]).optional(),
  loc: z.object({ start: z.object({ line: z.number() }) }).optional(),
  data: z.record(z.string(), z.unknown()).optional(),
});
const REPORT = z.array(
  z.object({ filePath: z.string(), sourceContent: z.string().optional(), messages: z.array(MESSAGE) }),
);

function maskedMessage(message: z.infer<typeof MESSAGE>, source: string | undefined): string {
  const secrets = Object.values(message.data ?? {}).filter((value) => typeof value === "string");
  if (message.range !== undefined && source !== undefined) secrets.push(source.slice(...message.range));
  let masked = message.message.split(":", 1)[0] ?? "";
  // The longest first, so that a part of a secret never breaks up the whole before it is found.
  for (const secret of secrets.toSorted((left, right) => right.length - left.length)) {
    if (secret.length >= 4) masked = masked.replaceAll(secret, "***");
  }
  return masked.replace(/\*{4,}/g, "***").trim() || "found a secret";
}
