import { err, ok } from "../../base/result.ts";
import { findingsEvidence } from "../findings.ts";
import { projectPath } from "../project-path.ts";
import type { Reader } from "./reader.ts";

/** `oxfmt --list-different`: one path a line, nothing when all is formatted. */
export const readOxfmtList: Reader = (text, { tool, projectFolder }) => {
  const lines = text.split("\n").map((line) => line.trim());
  const strange = lines.findIndex((line) => line.length > 4096 || line.includes("\0"));
  if (strange >= 0) return err({ message: "not a list of paths", at: `line ${strange + 1}` });
  const findings = lines.flatMap((line) => {
    const file = projectPath(projectFolder, line);
    return file === null
      ? []
      : [{ rule: "format", level: "error" as const, message: "not formatted", file, line: null }];
  });
  return ok([findingsEvidence({ tool, checkedCount: null, findings })]);
};
