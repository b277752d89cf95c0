import { byPath, coverageEvidence, linesOf, totalsOf, type CoverageTotals } from "./coverage-files.ts";
import type { CoverageCount, CoverageEvidence, FileCoverage } from "./evidence.ts";
import { toRanges } from "./line-ranges.ts";

/**
 * Merges reports of several versions, shards or suites: a line is covered when any run covered it, and there when any
 * report counts it. Branches and functions have no names that hold across reports, so a file has the most that one
 * report found, which is a lower bound; so do the lines of a file whose reports
 * only count them, and then `isLowerBound` says so. The order of the reports,
 * their grouping and repetitions make no difference. An empty list is coverage of nothing.
 */
export function mergeCoverage(reports: readonly CoverageEvidence[]): CoverageEvidence {
  const byFile = new Map<string, FileCoverage>();
  for (const file of reports.flatMap((report) => report.files)) {
    const before = byFile.get(file.path);
    byFile.set(file.path, before === undefined ? file : mergeFile(before, file));
  }
  const files = [...byFile.values()].toSorted(byPath);
  const isCut = reports.some((report) => report.fileCount !== undefined);
  const strangers = mergeStrangers(reports);
  const merged = coverageEvidence({
    files,
    floorPercent: null,
    ...(isCut ? { totals: mostOf(reports) } : reports.some(hasOwnTotals) ? { totals: atLeast(files, reports) } : {}),
  });
  const isLowerBound =
    isCut ||
    reports.some((report) => report.isLowerBound === true) ||
    (reports.length > 1 && files.some((file) => linesOf(file) === null));
  return {
    ...merged,
    ...(isCut ? { fileCount: Math.max(...reports.map((report) => report.fileCount ?? report.files.length)) } : {}),
    ...(strangers === undefined ? {} : { strangers }),
    ...(isLowerBound ? { isLowerBound } : {}),
  };
}

/** A report whose totals are more than its files: it has no list of them, say. */
function hasOwnTotals(report: CoverageEvidence): boolean {
  return report.files.length === 0 && report.lines.totalCount > 0;
}

function atLeast(files: readonly FileCoverage[], reports: readonly CoverageEvidence[]): CoverageTotals {
  return mostOf([totalsOf(files), ...reports]);
}

function mostOf(totals: readonly CoverageTotals[]): CoverageTotals {
  return {
    lines: totals.map((each) => each.lines).reduce(more, NOTHING),
    branches: totals.map((each) => each.branches).reduce(more, NOTHING),
    functions: totals.map((each) => each.functions).reduce(more, NOTHING),
  };
}

const NOTHING: CoverageCount = { coveredCount: 0, totalCount: 0 };

function mergeFile(left: FileCoverage, right: FileCoverage): FileCoverage {
  const branches = moreOrOne(left.branches, right.branches);
  const functions = moreOrOne(left.functions, right.functions);
  return {
    path: left.path,
    ...mergeLines(left, right),
    ...(branches === undefined ? {} : { branches }),
    ...(functions === undefined ? {} : { functions }),
  };
}

/** Where both tell their lines, these are united; where one does, it knows better than the one that counts. */
function mergeLines(left: FileCoverage, right: FileCoverage): Pick<FileCoverage, "lines" | "hit" | "missed"> {
  const [one, other] = [linesOf(left), linesOf(right)];
  if (one === null && other === null) return { lines: more(left.lines, right.lines) };
  if (one === null || other === null) {
    const { lines, hit, missed } = one === null ? right : left;
    return { lines, ...(hit === undefined ? {} : { hit }), ...(missed === undefined ? {} : { missed }) };
  }
  const hit = new Set([...one.hit, ...other.hit]);
  const missed = new Set([...one.missed, ...other.missed].filter((line) => !hit.has(line)));
  return {
    lines: { coveredCount: hit.size, totalCount: hit.size + missed.size },
    hit: toRanges(hit),
    missed: toRanges(missed),
  };
}

function moreOrOne(left: CoverageCount | undefined, right: CoverageCount | undefined): CoverageCount | undefined {
  return left === undefined || right === undefined ? (left ?? right) : more(left, right);
}

/** The one that covers more; of two that cover alike the one that counts more. A total order, so any order comes to the same. */
function more(left: CoverageCount, right: CoverageCount): CoverageCount {
  if (left.coveredCount !== right.coveredCount) return left.coveredCount > right.coveredCount ? left : right;
  return left.totalCount >= right.totalCount ? left : right;
}

function mergeStrangers(reports: readonly CoverageEvidence[]): CoverageEvidence["strangers"] {
  const all = reports.flatMap((report) => report.strangers ?? []);
  if (all.length === 0) return undefined;
  const paths = [...new Set(all.flatMap((each) => each.paths))].toSorted();
  return { count: Math.max(paths.length, ...all.map((each) => each.count)), paths };
}
