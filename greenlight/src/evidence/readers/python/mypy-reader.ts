import { z } from "zod";

import { err, ok } from "../../../base/result.ts";
import type { Finding } from "../../evidence.ts";
import { findingsEvidence, lineNumber } from "../../findings.ts";
import { projectPath, withoutFolder } from "../../project-path.ts";
import type { Reader } from "../reader.ts";
import { lastWords, linesOf } from "./words-of.ts";

/**
 * MyPy's words, JSON and text mixed: `--output json` writes a document a line, but files that it can't decode and faults of
 * its configuration come as text. A configuration that it can't read does not change its exit; here it is an error, because
 * what was checked is not what the project asks for.
 */
export const readMypyLines: Reader = (text, { tool, projectFolder }) => {
  const lines = linesOf(text);
  const findings = lines.flatMap((line) => readLine(line, projectFolder));
  const isFailure = lines.some((line) => /^(?:Traceback|usage: |mypy: error|There are no |error: )/u.test(line));
  if (findings.length === 0 && isFailure) return err({ message: `no verdict of MyPy in it: ${lastWords(lines)}` });
  const checked = /(?:in|checked) (\d{1,9}) source files?\)?$/u.exec(lines.at(-1) ?? "")?.[1];
  return ok([findingsEvidence({ tool, checkedCount: lineNumber(checked), findings })]);
};

const ENTRY = z.object({
  file: z.string(),
  line: z.number(),
  message: z.string(),
  code: z.string().nullish(),
  severity: z.string(),
});
const PLAIN = /^(.{1,4096}?):(?:(\d{1,9}):)?(?:\d{1,9}:)? (error|note|warning): (.*?)(?: {2}\[([\w-]{1,100})\])?$/u;
/** As versions before 1 say it. */
const UNDECODED = /^mypy: (can't decode file '(.{1,4096}?)': .*)$/u;
const CONFIGURATION = /^((?:.*[/\\])?(?:pyproject\.toml|setup\.cfg|\.?mypy\.ini)): (.*)$/u;

function readLine(line: string, projectFolder: string): Finding[] {
  if (line.startsWith("{")) return readJsonLine(line, projectFolder);
  const [, path, row, severity, message, code] = PLAIN.exec(line) ?? [];
  if (path !== undefined && message !== undefined && path !== "mypy")
    return [finding(projectFolder, { file: path, line: row, message, code, severity })];
  const [, undecoded, place] = UNDECODED.exec(line) ?? [];
  if (undecoded !== undefined && place !== undefined)
    return [finding(projectFolder, { file: place, message: undecoded, code: "syntax" })];
  const [, config, fault] = CONFIGURATION.exec(line) ?? [];
  if (config !== undefined && fault !== undefined)
    return [finding(projectFolder, { file: config, message: fault, code: "configuration", severity: "error" })];
  return [];
}

function readJsonLine(line: string, projectFolder: string): Finding[] {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return [{ rule: "report", level: "error", message: "a line of the report is cut off", file: null, line: null }];
  }
  const entry = ENTRY.safeParse(value);
  if (entry.success) return [finding(projectFolder, entry.data)];
  return [
    { rule: "report", level: "error", message: "a line of the report is of no known form", file: null, line: null },
  ];
}

function finding(
  projectFolder: string,
  entry: {
    readonly file: string;
    readonly line?: unknown;
    readonly message: string;
    readonly code?: string | null | undefined;
    readonly severity?: string | undefined;
  },
): Finding {
  return {
    rule: entry.code ?? "mypy",
    level: entry.severity === "note" ? "note" : entry.severity === "warning" ? "warning" : "error",
    message: withoutFolder(projectFolder, entry.message),
    file: projectPath(projectFolder, entry.file),
    line: lineNumber(entry.line),
  };
}
