import { err, ok } from "../../base/result.ts";
import type { Finding } from "../evidence.ts";
import { findingsEvidence, lineNumber } from "../findings.ts";
import { projectPath, withoutFolder } from "../project-path.ts";
import type { Reader } from "./reader.ts";

/**
 * `tsc --pretty false`: `path(line,column): error TSnnnn: message`, or without a place for faults of the whole
 * project; indented lines go on with the message. Text without a single diagnostic is refused, because a compiler
 * that died must not read as one that found nothing.
 */
export const readTscText: Reader = (text, { tool, projectFolder }) => {
  const findings: { finding: Finding; message: string[] }[] = [];
  let firstStray: number | undefined;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === "") continue;
    const finding = parseDiagnostic(line, projectFolder);
    const last = findings.at(-1);
    if (finding !== undefined) findings.push({ finding, message: [finding.message] });
    else if (last === undefined) firstStray ??= index + 1;
    else if (last.message.length < 20) last.message.push(line);
  }
  if (findings.length === 0 && firstStray !== undefined) {
    return err({ message: "no diagnostic of tsc in it", at: `line ${firstStray}` });
  }
  return ok([
    findingsEvidence({
      tool,
      checkedCount: null,
      findings: findings.map(({ finding, message }) => ({
        ...finding,
        message: withoutFolder(projectFolder, message.join("\n")),
      })),
    }),
  ]);
};

const DIAGNOSTIC = /^(?:(.{1,4096}?)\((\d{1,9}),\d{1,9}\): )?(error|warning|message) (TS\d{1,6}): (.*)$/;

function parseDiagnostic(line: string, projectFolder: string): Finding | undefined {
  const [, path, row, category, rule, message] = DIAGNOSTIC.exec(line) ?? [];
  if (rule === undefined || message === undefined) return undefined;
  return {
    rule,
    level: category === "error" ? "error" : category === "warning" ? "warning" : "note",
    message,
    file: path === undefined ? null : projectPath(projectFolder, path),
    line: lineNumber(row),
  };
}
