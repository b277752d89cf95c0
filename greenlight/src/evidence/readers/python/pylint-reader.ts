import { z } from "zod";

import { err, ok } from "../../../base/result.ts";
import type { Finding } from "../../evidence.ts";
import { findingsEvidence, lineNumber } from "../../findings.ts";
import { projectPath, withoutFolder } from "../../project-path.ts";
import { readJsonAs } from "../json-report.ts";
import type { Reader } from "../reader.ts";
import { lastWords, linesOf } from "./words-of.ts";

/**
 * Pylint's `json2`. What it says of its own configuration stands before the document, as text, and does not change its exit:
 * such lines are findings, too. Convention and refactoring warn.
 */
export const readPylintJson: Reader = (text, { tool, projectFolder }) => {
  const start = /^\{/mu.exec(text)?.index;
  if (start === undefined) return err({ message: `no document in it: ${lastWords(linesOf(text))}` });
  const report = readJsonAs(text.slice(start), REPORT);
  if (!report.ok) return report;
  const findings: Finding[] = report.value.messages.map((message) => ({
    rule: message.symbol,
    level: LEVELS[message.type],
    message: withoutFolder(projectFolder, message.message),
    file: projectPath(projectFolder, message.path),
    line: lineNumber(message.line),
  }));
  findings.push(...linesOf(text.slice(0, start)).flatMap((line) => readLine(line, projectFolder)));
  return ok([findingsEvidence({ tool, checkedCount: null, findings })]);
};

const LEVELS = {
  fatal: "error",
  error: "error",
  warning: "warning",
  convention: "warning",
  refactor: "warning",
  info: "note",
} as const;

const REPORT = z.object({
  messages: z.array(
    z.object({
      type: z.enum(["fatal", "error", "warning", "convention", "refactor", "info"]),
      symbol: z.string(),
      message: z.string(),
      path: z.string(),
      line: z.number().nullish(),
    }),
  ),
});

const PLAIN = /^(.{1,4096}?):(\d{1,9}):\d{1,9}: ([FEWCRI])\d{4}: (.{1,8192}?)(?: \(([\w-]{1,200})\))?$/u;

function readLine(line: string, projectFolder: string): Finding[] {
  const [, path, row, kind, message, symbol] = PLAIN.exec(line) ?? [];
  if (path === undefined || message === undefined) return [];
  return [
    {
      rule: symbol ?? "configuration",
      level: kind === "F" || kind === "E" ? "error" : "warning",
      message: withoutFolder(projectFolder, message),
      file: projectPath(projectFolder, path),
      line: lineNumber(row),
    },
  ];
}
