import { err, ok } from "../../../base/result.ts";
import type { Finding } from "../../evidence.ts";
import { findingsEvidence, lineNumber } from "../../findings.ts";
import { projectPath } from "../../project-path.ts";
import type { Reader } from "../reader.ts";
import { lastWords, linesOf } from "./words-of.ts";

/**
 * What `ruff format --check` says, of any version: `Would reformat: path` before 0.16, since then a message with its place
 * in the next line (`full`) or in the same (`concise`); then a summary. Text without any of it is refused.
 */
export const readRuffFormatText: Reader = (text, { tool, projectFolder }) => {
  const lines = linesOf(text);
  const findings = lines.flatMap((line, index) => readLine(line, lines[index - 1] ?? "", projectFolder));
  const counts = lines.flatMap((line) => [...line.matchAll(COUNTED)].map((match) => Number(match[1])));
  const isNone = lines.some((line) => line.includes("No Python files found"));
  if (findings.length === 0 && counts.length === 0 && lines.length > 0 && !isNone)
    return err({ message: `no verdict of Ruff in it: ${lastWords(lines)}` });
  const checkedCount = counts.length === 0 ? null : counts.reduce((sum, count) => sum + count, 0);
  return ok([findingsEvidence({ tool, checkedCount, findings })]);
};

const COUNTED = /(\d{1,9}) files? (?:would be reformatted|already formatted|left unchanged)/gu;
const OLD = /^Would reformat: (.{1,4096})$/u;
const OLD_BROKEN = /^error: Failed to (?:parse|read|format) (.{1,4096}?):(?:(\d{1,9}):\d{1,9}:)? (.*)$/u;
const ARROW = /^ *--> (.{1,4096}?)(?::(\d{1,9}):\d{1,9})?$/u;
const CONCISE = /^(.{1,4096}?):(?:(\d{1,9}):\d{1,9}:)? (?!Failed)([a-z][a-z-]{0,60}): (.*)$/u;

function readLine(line: string, before: string, projectFolder: string): Finding[] {
  const at = (path: string): string | null => projectPath(projectFolder, path);
  const old = OLD.exec(line)?.[1];
  if (old !== undefined)
    return [{ rule: "unformatted", level: "error", message: "not formatted", file: at(old), line: null }];
  const [, broken, row, reason] = OLD_BROKEN.exec(line) ?? [];
  if (broken !== undefined && reason !== undefined)
    return [{ rule: "invalid-syntax", level: "error", message: reason, file: at(broken), line: lineNumber(row) }];
  const [, path, place] = ARROW.exec(line) ?? [];
  const [, rule, message] = /^([a-z][a-z-]{0,60}): (.*)$/u.exec(before) ?? [];
  if (path !== undefined && rule !== undefined && message !== undefined)
    return [{ rule, level: "error", message, file: at(path), line: lineNumber(place) }];
  const [, file, number, code, words] = CONCISE.exec(line) ?? [];
  if (file === undefined || code === undefined || words === undefined) return [];
  return [{ rule: code, level: "error", message: words, file: at(file), line: lineNumber(number) }];
}
