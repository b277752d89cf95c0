import { posix } from "node:path";

import type { FindingPattern } from "../pipeline/quality-definition.ts";
import type { Finding } from "./evidence.ts";

/**
 * True when the finding is one of those: what the pattern leaves out matches all. `*` in a tool or a rule stands for any
 * text; a path is a glob relative to the project, or a folder that stands for all below it. Findings without a
 * file match no path.
 */
export function matchesFinding(
  pattern: FindingPattern,
  { tool, finding }: { readonly tool: string; readonly finding: Pick<Finding, "rule" | "file"> },
): boolean {
  if (pattern.tool !== undefined && !matchesName(pattern.tool, tool)) return false;
  if (pattern.rule !== undefined && !matchesName(pattern.rule, finding.rule)) return false;
  if (pattern.paths === undefined) return true;
  const { file } = finding;
  return file !== null && pattern.paths.some((path) => matchesPath(path, file));
}

/** `*` in the pattern stands for any text. */
export function matchesName(pattern: string, name: string): boolean {
  const [first = "", ...rest] = pattern.split("*");
  if (rest.length === 0) return pattern === name;
  const last = rest.pop() ?? "";
  if (!name.startsWith(first) || !name.slice(first.length).endsWith(last)) return false;
  let at = first.length;
  // Each part as early as it goes leaves most for those behind it.
  for (const part of rest) {
    const found = name.indexOf(part, at);
    if (found < 0) return false;
    at = found + part.length;
  }
  return at <= name.length - last.length;
}

function matchesPath(pattern: string, file: string): boolean {
  const own = pattern.replace(/^(?:\.\/)+/u, "").replace(/\/+$/u, "");
  if (file === own || file.startsWith(`${own}/`)) return true;
  return /[*?[\]{}]/u.test(own) && posix.matchesGlob(withoutDots(file), withoutDots(own));
}

/** `*` also stands for names that begin with a dot. */
function withoutDots(path: string): string {
  return path.replace(/(^|\/)\.(?=[^./])/gu, "$1\u0001");
}
