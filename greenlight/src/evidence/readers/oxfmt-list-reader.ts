import { err, ok } from "../../base/result.ts";
import type { Finding } from "../evidence.ts";
import { findingsEvidence, lineNumber } from "../findings.ts";
import { projectPath } from "../project-path.ts";
import type { Reader } from "./reader.ts";

/** What the toolkit puts between the list and what the tool wrote to its standard error. */
const ERRORS_BELOW = "--- standard error ---";

/**
 * `oxfmt --list-different`: one path a line, nothing when all is formatted. Behind the mark stand its errors: files that it
 * could not read or parse are findings; without any of these they are about the configuration or the call.
 */
export const readOxfmtList: Reader = (text, { tool, projectFolder }) => {
  const lines = text.split("\n").map((line) => line.trimEnd());
  const mark = lines.indexOf(ERRORS_BELOW);
  const paths = mark < 0 ? lines : lines.slice(0, mark);
  const strange = paths.findIndex((line) => line.length > 4096 || line.includes("\0"));
  if (strange >= 0) return err({ message: "not a list of paths", at: `line ${strange + 1}` });
  const unformatted = paths.flatMap((line): Finding[] => {
    const file = projectPath(projectFolder, line);
    return file === null ? [] : [{ rule: "format", level: "error", message: "not formatted", file, line: null }];
  });
  const errors = mark < 0 ? [] : lines.slice(mark + 1).filter((line) => line.trim() !== "");
  const broken = readErrors(errors, projectFolder);
  if (errors.length > 0 && broken.length === 0) {
    return err({ message: `oxfmt says: ${errors.slice(0, 2).join(" ").slice(0, 300)}`, at: `line ${mark + 2}` });
  }
  return ok([findingsEvidence({ tool, checkedCount: null, findings: [...unformatted, ...broken] })]);
};

/** `x what is wrong`, then `,-[path:line:column]`, drawn with the marks of a terminal or with plain ones. */
function readErrors(lines: readonly string[], projectFolder: string): Finding[] {
  const findings: Finding[] = [];
  let message = "";
  for (const line of lines) {
    const [, said] = /^\s*[x×]\s+(.*)$/u.exec(line) ?? [];
    const [, unread] = /^Failed to read file: (.{1,4096})$/u.exec(said ?? "") ?? [];
    const [, path, row] = /^\s*[,╭][-─]+\[(.{1,4096}):(\d{1,9}):\d{1,9}\]/u.exec(line) ?? [];
    if (said !== undefined) message = said;
    if (unread !== undefined) {
      const file = projectPath(projectFolder, unread);
      findings.push({ rule: "unreadable", level: "error", message: "can't be read as text", file, line: null });
    } else if (path !== undefined) {
      const file = projectPath(projectFolder, path);
      findings.push({ rule: "syntax", level: "error", message, file, line: lineNumber(row) });
    }
  }
  return findings;
}
