import { z } from "zod";

import { err, ok } from "../../../base/result.ts";
import { coverageEvidence, fileOfLines } from "../../coverage-files.ts";
import type { CoverageCount, FileCoverage } from "../../evidence.ts";
import { MAX_LINE } from "../../line-ranges.ts";
import { projectPath } from "../../project-path.ts";
import { describeMismatch } from "../mismatch.ts";
import { parseJson, type Reader } from "../reader.ts";

/**
 * Istanbul's `coverage-final.json`. A line counts when a statement begins on it, and ran when one of them did, as
 * istanbul-lib-coverage reckons it (`getLineCoverage`).
 */
export const readIstanbul: Reader = (text, { projectFolder, floorPercent }) => {
  const json = parseJson(text);
  if (!json.ok) return json;
  const parsed = REPORT.safeParse(json.value);
  if (!parsed.success) return err(describeMismatch(parsed.error));
  const files = Object.entries(parsed.data).map(([path, file]) =>
    toFile(projectPath(projectFolder, file.path ?? path) ?? path, file),
  );
  return ok([coverageEvidence({ files, floorPercent: floorPercent ?? null })]);
};

const COUNT = z.number().min(0);
const FILE = z.object({
  path: z.string().optional(),
  statementMap: z.record(z.string(), z.object({ start: z.object({ line: z.int().min(1).max(MAX_LINE) }) })),
  s: z.record(z.string(), COUNT),
  f: z.record(z.string(), COUNT),
  b: z.record(z.string(), z.array(COUNT)),
});
const REPORT = z.record(z.string(), FILE);

function toFile(path: string, { statementMap, s, f, b }: z.infer<typeof FILE>): FileCoverage {
  const lines = { hit: [] as number[], missed: [] as number[] };
  for (const [id, { start }] of Object.entries(statementMap)) {
    // A statement without a count never ran.
    (Object.hasOwn(s, id) && (s[id] ?? 0) > 0 ? lines.hit : lines.missed).push(start.line);
  }
  return fileOfLines(path, lines, { branches: tally(Object.values(b).flat()), functions: tally(Object.values(f)) });
}

function tally(counts: readonly number[]): CoverageCount {
  return { coveredCount: counts.filter((count) => count > 0).length, totalCount: counts.length };
}
