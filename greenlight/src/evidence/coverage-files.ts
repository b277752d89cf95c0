import { cutText } from "./bounds.ts";
import type { CoverageCount, CoverageEvidence, FileCoverage } from "./evidence.ts";
import { fromRanges, toRanges } from "./line-ranges.ts";

/** The most files whose coverage is kept, and the longest text that their lines may take together, in UTF-16 units. */
const MAX_FILES = 4000;
const MAX_LINE_TEXT = 1024 * 1024;

export interface CoverageTotals {
  readonly lines: CoverageCount;
  readonly branches: CoverageCount;
  readonly functions: CoverageCount;
}

/**
 * Coverage of files as evidence: sorted by path, totals over all of them unless a report brings its own, and no more
 * files and lines than its bounds. The files with the most uncovered lines are kept.
 */
export function coverageEvidence(found: {
  readonly files: readonly FileCoverage[];
  readonly floorPercent: number | null;
  /** The report's own; left out: the sum of the files. */
  readonly totals?: CoverageTotals;
}): CoverageEvidence {
  const { files } = found;
  const kept =
    files.length <= MAX_FILES
      ? files
      : files
          .toSorted((left, right) => missedCount(right) - missedCount(left) || byPath(left, right))
          .slice(0, MAX_FILES);
  return {
    kind: "coverage",
    ...(found.totals ?? totalsOf(files)),
    floorPercent: found.floorPercent,
    files: boundLines(kept.toSorted(byPath)),
    ...(kept.length === files.length ? {} : { fileCount: files.length }),
  };
}

/** A file by its lines: those that ran and those that did not. A line in both ran. */
export function fileOfLines(
  path: string,
  lines: { readonly hit: Iterable<number>; readonly missed: Iterable<number> },
  counts: Pick<FileCoverage, "branches" | "functions"> = {},
): FileCoverage {
  const hit = new Set(lines.hit);
  const missed = [...new Set(lines.missed)].filter((line) => !hit.has(line));
  return {
    path: cutText(path),
    lines: { coveredCount: hit.size, totalCount: hit.size + missed.length },
    ...counts,
    hit: toRanges(hit),
    missed: toRanges(missed),
  };
}

/** The file's lines; null when its report only counts them. */
export function linesOf(file: FileCoverage): { readonly hit: Set<number>; readonly missed: Set<number> } | null {
  if (file.hit === undefined || file.missed === undefined) return null;
  return { hit: fromRanges(file.hit), missed: fromRanges(file.missed) };
}

export function totalsOf(files: readonly FileCoverage[]): CoverageTotals {
  return {
    lines: sum(files.map((file) => file.lines)),
    branches: sum(files.map((file) => file.branches)),
    functions: sum(files.map((file) => file.functions)),
  };
}

export function byPath(left: { readonly path: string }, right: { readonly path: string }): number {
  return left.path < right.path ? -1 : left.path > right.path ? 1 : 0;
}

function sum(counts: readonly (CoverageCount | undefined)[]): CoverageCount {
  let [coveredCount, totalCount] = [0, 0];
  for (const count of counts) {
    coveredCount += count?.coveredCount ?? 0;
    totalCount += count?.totalCount ?? 0;
  }
  return { coveredCount, totalCount };
}

function missedCount({ lines }: FileCoverage): number {
  return lines.totalCount - lines.coveredCount;
}

/** Beyond the bound only the counts are kept. */
function boundLines(files: readonly FileCoverage[]): readonly FileCoverage[] {
  let left = MAX_LINE_TEXT;
  return files.map((file) => {
    left -= (file.hit?.length ?? 0) + (file.missed?.length ?? 0);
    if (left >= 0) return file;
    const { hit: _hit, missed: _missed, ...counted } = file;
    return counted;
  });
}
