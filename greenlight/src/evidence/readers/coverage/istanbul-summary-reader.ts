import { z } from "zod";

import { err, ok } from "../../../base/result.ts";
import { cutText } from "../../bounds.ts";
import { coverageEvidence } from "../../coverage-files.ts";
import type { CoverageCount } from "../../evidence.ts";
import { projectPath } from "../../project-path.ts";
import { describeMismatch } from "../mismatch.ts";
import { parseJson, type Reader } from "../reader.ts";

/** Istanbul's `coverage-summary.json`, as vitest, c8 and nyc write it. It counts lines and does not tell which. */
export const readIstanbulSummary: Reader = (text, { projectFolder, floorPercent }) => {
  const json = parseJson(text);
  if (!json.ok) return json;
  const summary = SUMMARY.safeParse(json.value);
  if (!summary.success) return err(describeMismatch(summary.error));
  const { total, ...perFile } = summary.data;
  const files = Object.entries(perFile).map(([path, counts]) => ({
    path: cutText(projectPath(projectFolder, path) ?? path),
    ...toCounts(counts),
  }));
  return ok([coverageEvidence({ files, floorPercent: floorPercent ?? null, totals: toCounts(total) })]);
};

const COUNT = z
  .object({ total: z.int().min(0), covered: z.int().min(0) })
  .refine((count) => count.covered <= count.total, "more covered than there is");
const COUNTS = z.object({ lines: COUNT, branches: COUNT, functions: COUNT });
const SUMMARY = z.object({ total: COUNTS }).catchall(COUNTS);

function toCounts({ lines, branches, functions }: z.infer<typeof COUNTS>) {
  return { lines: toCount(lines), branches: toCount(branches), functions: toCount(functions) };
}

function toCount(count: z.infer<typeof COUNT>): CoverageCount {
  return { coveredCount: count.covered, totalCount: count.total };
}
