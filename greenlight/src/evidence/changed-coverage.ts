import { MAX_ENTRIES } from "./bounds.ts";
import { byPath, linesOf } from "./coverage-files.ts";
import type { ChangedCoverage, CoverageEvidence } from "./evidence.ts";
import { toRanges } from "./line-ranges.ts";
import type { ChangedLines } from "./unified-diff.ts";

/**
 * How much of what changed is covered. Only lines that a report counts weigh: comments and blank lines, and files that no
 * report knows, neither help nor harm. Where a changed file's report only counts lines, nothing can be said.
 */
export function changedCoverage(
  coverage: CoverageEvidence,
  changed: ChangedLines,
  { against, floorPercent }: { readonly against: string; readonly floorPercent: number | null },
): ChangedCoverage {
  const touched = coverage.files.filter((file) => {
    const fresh = changed.get(file.path);
    return fresh === "all" || (fresh !== undefined && fresh.size > 0);
  });
  const blind = touched.filter((file) => file.lines.totalCount > 0 && linesOf(file) === null);
  if (blind.length > 0) {
    const why = `the coverage report only counts the lines of ${blind[0]?.path}, it does not tell which; use lcov, Istanbul's JSON, Cobertura or coverage.py's JSON`;
    return { isKnown: false, against, why, floorPercent };
  }
  if (coverage.fileCount !== undefined && coverage.fileCount > coverage.files.length) {
    const why = `the coverage of ${coverage.fileCount} files is more than is kept`;
    return { isKnown: false, against, why, floorPercent };
  }
  const files = touched
    .flatMap((file) => {
      const lines = linesOf(file);
      const fresh = changed.get(file.path);
      if (lines === null || fresh === undefined) return [];
      const hit = fresh === "all" ? lines.hit : within(lines.hit, fresh);
      const missed = fresh === "all" ? lines.missed : within(lines.missed, fresh);
      const counts = { coveredCount: hit.size, totalCount: hit.size + missed.size };
      return counts.totalCount === 0 ? [] : [{ path: file.path, lines: counts, missed: toRanges(missed) }];
    })
    .toSorted(byPath);
  return {
    isKnown: true,
    against,
    lines: {
      coveredCount: files.reduce((sum, file) => sum + file.lines.coveredCount, 0),
      totalCount: files.reduce((sum, file) => sum + file.lines.totalCount, 0),
    },
    floorPercent,
    files: files.filter((file) => file.missed !== "").slice(0, MAX_ENTRIES),
  };
}

function within(lines: ReadonlySet<number>, wanted: ReadonlySet<number>): Set<number> {
  return new Set([...lines].filter((line) => wanted.has(line)));
}
