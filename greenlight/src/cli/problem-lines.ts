import { formatProblem, type Problem } from "../base/problem.ts";
import { printable } from "./terminal.ts";

/** So many problems are shown at once; of the others only how many there are of which kind. */
const MOST_SHOWN = 20;

/**
 * Problems as a command prints them, without control characters. Of very many the first ones, among them one of each kind, so that
 * five hundred of one kind don't hide the single other one; the last line counts the rest.
 */
export function problemLines(problems: readonly Problem[], most: number = MOST_SHOWN): readonly string[] {
  const shown = chosen(problems, most);
  const lines = problems.filter((each) => shown.has(each)).map((each) => printable(formatProblem(each)));
  const rest = problems.filter((each) => !shown.has(each));
  if (rest.length === 0) return lines;
  const counts = new Map<string, number>();
  for (const { code } of rest) counts.set(code, (counts.get(code) ?? 0) + 1);
  const named = [...counts].map(([code, count]) => `${count} × ${code}`).join(", ");
  return [...lines, `… and ${rest.length} more problems: ${named}\n  all of them: the same command with --json`];
}

function chosen(problems: readonly Problem[], most: number): ReadonlySet<Problem> {
  const firsts = new Map<string, Problem>();
  for (const each of problems) if (!firsts.has(each.code)) firsts.set(each.code, each);
  const shown = new Set([...firsts.values()].slice(0, most));
  for (const each of problems) {
    if (shown.size >= most) break;
    shown.add(each);
  }
  return shown;
}
