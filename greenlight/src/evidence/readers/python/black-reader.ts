import { err, ok } from "../../../base/result.ts";
import type { Finding } from "../../evidence.ts";
import { findingsEvidence, lineNumber } from "../../findings.ts";
import { projectPath, withoutFolder } from "../../project-path.ts";
import type { Reader } from "../reader.ts";
import { lastWords, linesOf } from "./words-of.ts";

/**
 * What `black --check` says: a line a file that it would write otherwise or can't parse, then a summary. Text without either
 * is refused: Black that dies of its configuration exits like one that found something.
 */
export const readBlackText: Reader = (text, { tool, projectFolder }) => {
  const lines = linesOf(text);
  const findings = lines.flatMap((line) => readLine(line, projectFolder));
  const counts = lines.flatMap((line) => [...line.matchAll(COUNTED)].map((match) => Number(match[1])));
  const isNone = lines.some(
    (line) => line.startsWith("No Python files are present") || line.startsWith("No Path prov"),
  );
  if (findings.length === 0 && counts.length === 0 && lines.length > 0 && !isNone)
    return err({ message: `no verdict of Black in it: ${lastWords(lines)}` });
  const checkedCount = counts.length === 0 ? null : counts.reduce((sum, count) => sum + count, 0);
  return ok([findingsEvidence({ tool, checkedCount, findings })]);
};

const COUNTED = /(\d{1,9}) files? would (?:be reformatted|be left unchanged|fail to reformat)/gu;
const BROKEN = /^error: cannot format (.{1,4096}?\.(?:pyi?|ipynb)|.{1,4096}?): (.*)$/u;
/** As version 26 and later say it. */
const UNPARSED = /^error: cannot parse: (.{1,4096}):(\d{1,9}):\d{1,9}$/u;

function readLine(line: string, projectFolder: string): Finding[] {
  const path = /^would reformat (.{1,4096})$/u.exec(line)?.[1];
  if (path !== undefined)
    return [
      { rule: "format", level: "error", message: "not formatted", file: projectPath(projectFolder, path), line: null },
    ];
  const [, unparsed, row] = UNPARSED.exec(line) ?? [];
  if (unparsed !== undefined)
    return [
      {
        rule: "syntax",
        level: "error",
        message: "can't be parsed",
        file: projectPath(projectFolder, unparsed),
        line: lineNumber(row),
      },
    ];
  const [, broken, reason] = BROKEN.exec(line) ?? [];
  if (broken === undefined || reason === undefined) return [];
  const place = /: (\d{1,9}):\d{1,9}(?::|$)/u.exec(reason)?.[1];
  const message = withoutFolder(projectFolder, reason);
  return [
    { rule: "syntax", level: "error", message, file: projectPath(projectFolder, broken), line: lineNumber(place) },
  ];
}
