import { MAX_ENTRIES } from "./bounds.ts";
import { totalsOf, type CoverageTotals } from "./coverage-files.ts";
import type { CoverageCount, CoverageEvidence, Evidence } from "./evidence.ts";

/**
 * Coverage without the files that lie outside the project or are not there: neither what they cover nor what they miss
 * counts, and they are named. `isFile` takes a path relative to the project. Other evidence stays as it is.
 */
export function withoutStrangers(evidence: Evidence, isFile: (path: string) => boolean): Evidence {
  if (evidence.kind !== "coverage" || evidence.files.length === 0) return evidence;
  const isStranger = (path: string): boolean => isOutside(path) || !isFile(path);
  const strange = evidence.files.filter((file) => isStranger(file.path));
  if (strange.length === 0) return evidence;
  const files = evidence.files.filter((file) => !isStranger(file.path));
  const { fileCount } = evidence;
  return {
    ...evidence,
    // A list that was cut holds only part of what the totals count.
    ...(fileCount === undefined ? totalsOf(files) : less(evidence, totalsOf(strange))),
    files,
    ...(fileCount === undefined ? {} : { fileCount: fileCount - strange.length }),
    strangers: { count: strange.length, paths: strange.slice(0, MAX_ENTRIES).map((file) => file.path) },
  };
}

/** Relative paths that lead out, and absolute ones that were not made relative. */
function isOutside(path: string): boolean {
  return (
    path === ".." || path.startsWith("../") || path.startsWith("/") || /^[A-Za-z]:\//.test(path) || path.includes("\0")
  );
}

function less(evidence: CoverageEvidence, taken: CoverageTotals): CoverageTotals {
  return {
    lines: minus(evidence.lines, taken.lines),
    branches: minus(evidence.branches, taken.branches),
    functions: minus(evidence.functions, taken.functions),
  };
}

function minus(whole: CoverageCount, part: CoverageCount): CoverageCount {
  return {
    coveredCount: Math.max(0, whole.coveredCount - part.coveredCount),
    totalCount: Math.max(0, whole.totalCount - part.totalCount),
  };
}
