import { err, ok } from "../../../base/result.ts";
import type { Finding } from "../../evidence.ts";
import { findingsEvidence } from "../../findings.ts";
import { projectPath, withoutFolder } from "../../project-path.ts";
import type { Reader } from "../reader.ts";
import { lastWords, linesOf } from "./words-of.ts";

/**
 * What `isort --check-only` says. A configuration that it can't read is only a warning to isort, which then goes on with its
 * own defaults and may exit with 0: here it is an error, because what was checked is not what the project asks for.
 */
export const readIsortText: Reader = (text, { tool, projectFolder }) => {
  const lines = linesOf(text);
  const findings = lines.flatMap((line) => readLine(line, projectFolder));
  const isCrash = lines.some((line) => /^(?:Traceback|usage:|isort: error)/u.test(line));
  if (findings.length === 0 && isCrash) return err({ message: `no verdict of isort in it: ${lastWords(lines)}` });
  return ok([findingsEvidence({ tool, checkedCount: null, findings })]);
};

const UNSORTED = /^ERROR: (.{1,4096}) Imports are incorrectly sorted and\/or formatted\.$/u;
const UNCONFIGURED = /UserWarning: (Failed to pull configuration information from (.{1,4096}))$/u;
const UNPARSED = /UserWarning: (Unable to parse file (.{1,4096}?) due to .*)$/u;

function readLine(line: string, projectFolder: string): Finding[] {
  const at = (path: string): string | null => projectPath(projectFolder, path);
  const unsorted = UNSORTED.exec(line)?.[1];
  if (unsorted !== undefined)
    return [{ rule: "imports", level: "error", message: "imports are not sorted", file: at(unsorted), line: null }];
  const plain = (message: string): string => withoutFolder(projectFolder, message);
  const [, fault, config] = UNCONFIGURED.exec(line) ?? [];
  if (fault !== undefined && config !== undefined)
    return [{ rule: "configuration", level: "error", message: plain(fault), file: at(config), line: null }];
  const [, message, path] = UNPARSED.exec(line) ?? [];
  if (message !== undefined && path !== undefined)
    return [{ rule: "syntax", level: "warning", message: plain(message), file: at(path), line: null }];
  const other = /^ERROR: (.*)$/u.exec(line)?.[1];
  return other === undefined ? [] : [{ rule: "isort", level: "error", message: plain(other), file: null, line: null }];
}
