import { err, ok } from "../../../base/result.ts";
import type { Finding } from "../../evidence.ts";
import { findingsEvidence, lineNumber } from "../../findings.ts";
import { projectPath } from "../../project-path.ts";
import type { Reader } from "../reader.ts";
import { lastWords, linesOf } from "./words-of.ts";

/**
 * Flake8's default format: `path:line:column: CODE message`. What it calls a warning (W) and complexity (C9) warn; all else,
 * also of plug-ins, is an error, as it is to Flake8. Lines of its source, statistics and counts are passed over.
 */
export const readFlake8Text: Reader = (text, { tool, projectFolder }) => {
  const lines = linesOf(text);
  const findings = lines.flatMap((line) => readLine(line, projectFolder));
  const isStray = lines.some((line) => !/^\d{1,9}$/u.test(line));
  if (findings.length === 0 && isStray) return err({ message: `no finding of Flake8 in it: ${lastWords(lines)}` });
  return ok([findingsEvidence({ tool, checkedCount: null, findings })]);
};

const FINDING = /^(.{1,4096}?):(\d{1,9}):\d{1,9}: ([A-Z]{1,3}\d{1,5}) (.*)$/u;

function readLine(line: string, projectFolder: string): Finding[] {
  const [, path, row, rule, message] = FINDING.exec(line) ?? [];
  if (path === undefined || rule === undefined || message === undefined) return [];
  const level = /^(?:W|C9)/u.test(rule) ? "warning" : "error";
  return [{ rule, level, message, file: projectPath(projectFolder, path), line: lineNumber(row) }];
}
