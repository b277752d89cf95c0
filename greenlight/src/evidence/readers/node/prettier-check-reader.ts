import { err, ok } from "../../../base/result.ts";
import type { Finding } from "../../evidence.ts";
import { findingsEvidence, lineNumber } from "../../findings.ts";
import { projectPath } from "../../project-path.ts";
import type { Reader } from "../reader.ts";

/**
 * `prettier --check` with both of its streams: `[warn] PATH` for a file that is not formatted, `[error] PATH: Kind:
 * what (line:column)` for one that can't be parsed. Any other error is about the configuration or the call, and then what
 * it says of files proves nothing.
 */
export const readPrettierCheck: Reader = (text, { tool, projectFolder }) => {
  const findings: Finding[] = [];
  let isInFrame = false;
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    const [, kind, rest = ""] = /^\[(warn|error)\] ?(.*)$/u.exec(line) ?? [];
    if (kind === "warn") {
      isInFrame = false;
      if (SUMMARY.test(rest)) continue;
      if (rest.length > 4096 || rest.trim() === "") return err({ message: "no path", at: `line ${index + 1}` });
      const file = projectPath(projectFolder, rest);
      findings.push({ rule: "format", level: "error", message: "not formatted", file, line: null });
    } else if (kind === "error") {
      const syntax = SYNTAX.exec(rest);
      if (syntax !== null) {
        const [, path = "", message = "", row] = syntax;
        const file = projectPath(projectFolder, path);
        findings.push({ rule: "syntax", level: "error", message, file, line: lineNumber(row) });
        isInFrame = true;
      } else if (!isInFrame) {
        return err({ message: `prettier says: ${rest.slice(0, 300)}`, at: `line ${index + 1}` });
      }
    } else if (line.trim() !== "" && !PLAIN.test(line)) {
      return err({ message: "not of the form that prettier writes", at: `line ${index + 1}` });
    }
  }
  return ok([findingsEvidence({ tool, checkedCount: null, findings })]);
};

/** Behind a parse error its place in the file follows, each line marked as an error. */
const SYNTAX = /^(.{1,4096}?): (\w*Error: .*?)(?: \((\d{1,9}):\d{1,9}\))?$/u;
const SUMMARY =
  /^(?:Code style issues found in|Error occurred when checking code style in|Ignored unknown option|Option )/u;
const PLAIN = /^(?:Checking formatting|All matched files use|Error occurred when checking code style)/u;
