import { z } from "zod";

import { err, ok } from "../../../base/result.ts";
import { cutText, MAX_ENTRIES } from "../../bounds.ts";
import type { CoverageCount } from "../../evidence.ts";
import { projectPath } from "../../project-path.ts";
import { describeMismatch } from "../mismatch.ts";
import { parseJson, type Reader } from "../reader.ts";

/** The JSON of coverage.py (`coverage json`): lines are statements; it counts no functions. Files with the most uncovered lines are kept. */
export const readCoveragePyJson: Reader = (text, { projectFolder, floorPercent }) => {
  const json = parseJson(text);
  if (!json.ok) return json;
  const report = REPORT.safeParse(json.value);
  if (!report.success) return err(describeMismatch(report.error));
  const { totals, files } = report.data;
  const kept = Object.entries(files)
    .map(([path, { summary }]) => ({
      path: cutText(projectPath(projectFolder, path) ?? path),
      lines: linesIn(summary),
    }))
    .toSorted((left, right) => uncovered(right.lines) - uncovered(left.lines) || (left.path < right.path ? -1 : 1))
    .slice(0, MAX_ENTRIES)
    .toSorted((left, right) => (left.path < right.path ? -1 : 1));
  return ok([
    {
      kind: "coverage",
      lines: linesIn(totals),
      branches: { coveredCount: totals.covered_branches ?? 0, totalCount: totals.num_branches ?? 0 },
      functions: { coveredCount: 0, totalCount: 0 },
      floorPercent: floorPercent ?? null,
      files: kept,
    },
  ]);
};

const COUNTS = z
  .object({
    covered_lines: z.int().min(0),
    num_statements: z.int().min(0),
    covered_branches: z.int().min(0).optional(),
    num_branches: z.int().min(0).optional(),
  })
  .refine((counts) => counts.covered_lines <= counts.num_statements, "more covered than there is");
const REPORT = z.object({ files: z.record(z.string(), z.object({ summary: COUNTS })), totals: COUNTS });

function linesIn(counts: z.infer<typeof COUNTS>): CoverageCount {
  return { coveredCount: counts.covered_lines, totalCount: counts.num_statements };
}

function uncovered(lines: CoverageCount): number {
  return lines.totalCount - lines.coveredCount;
}
