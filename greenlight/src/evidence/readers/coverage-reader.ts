import { z } from "zod";

import { err, ok } from "../../base/result.ts";
import { cutText, MAX_ENTRIES } from "../bounds.ts";
import type { CoverageCount } from "../evidence.ts";
import { projectPath } from "../project-path.ts";
import { describeMismatch } from "./mismatch.ts";
import { parseJson, type Reader } from "./reader.ts";

/** Istanbul's `coverage-summary.json`, as vitest, c8 and nyc write it. Files with the most uncovered lines are kept. */
export const readIstanbulSummary: Reader = (text, { projectFolder, floorPercent }) => {
  const json = parseJson(text);
  if (!json.ok) return json;
  const summary = SUMMARY.safeParse(json.value);
  if (!summary.success) return err(describeMismatch(summary.error));
  const { total, ...perFile } = summary.data;
  const files = Object.entries(perFile)
    .map(([path, { lines }]) => ({ path: cutText(projectPath(projectFolder, path) ?? path), lines: toCount(lines) }))
    .toSorted((left, right) => uncoveredCount(right.lines) - uncoveredCount(left.lines) || byName(left, right))
    .slice(0, MAX_ENTRIES)
    .toSorted(byName);
  return ok([
    {
      kind: "coverage",
      lines: toCount(total.lines),
      branches: toCount(total.branches),
      functions: toCount(total.functions),
      floorPercent: floorPercent ?? null,
      files,
    },
  ]);
};

const COUNT = z
  .object({ total: z.int().min(0), covered: z.int().min(0) })
  .refine((count) => count.covered <= count.total, "more covered than there is");
const COUNTS = z.object({ lines: COUNT, branches: COUNT, functions: COUNT });
const SUMMARY = z.object({ total: COUNTS }).catchall(COUNTS);

function toCount(count: z.infer<typeof COUNT>): CoverageCount {
  return { coveredCount: count.covered, totalCount: count.total };
}

function uncoveredCount(lines: CoverageCount): number {
  return lines.totalCount - lines.coveredCount;
}

function byName(left: { readonly path: string }, right: { readonly path: string }): number {
  return left.path < right.path ? -1 : left.path > right.path ? 1 : 0;
}
