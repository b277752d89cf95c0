import fc from "fast-check";
import { describe, expect, it } from "vitest";

import { coverageEvidence, fileOfLines } from "./coverage-files.ts";
import type { CoverageEvidence, FileCoverage } from "./evidence.ts";
import { mergeCoverage } from "./merge-coverage.ts";

const count = (coveredCount: number, totalCount: number) => ({ coveredCount, totalCount });

const counts = fc.tuple(fc.nat(9), fc.nat(9)).map(([covered, more]) => count(covered, covered + more));
const lines = fc.array(fc.integer({ min: 1, max: 12 }), { maxLength: 12 });
const file: fc.Arbitrary<FileCoverage> = fc.oneof(
  fc
    .record({ path: fc.constantFrom("a", "b", "c"), hit: lines, missed: lines, branches: counts })
    .map(({ path, hit, missed, branches }) => fileOfLines(path, { hit, missed }, { branches })),
  fc.record({ path: fc.constantFrom("a", "b", "c"), lines: counts }),
);
const report: fc.Arbitrary<CoverageEvidence> = fc
  .uniqueArray(file, { selector: (each) => each.path, maxLength: 3 })
  .map((files) => coverageEvidence({ files, floorPercent: null }));

/** What was merged, without the word on how sure it is: that speaks of how many reports there were. */
function figures(reports: readonly CoverageEvidence[]): CoverageEvidence {
  const { isLowerBound: _isLowerBound, ...merged } = mergeCoverage(reports);
  return merged;
}

describe("merged coverage", () => {
  it("does not depend on the order, the grouping or repetitions of the reports", () => {
    fc.assert(
      fc.property(report, report, report, (a, b, c) => {
        expect(figures([a, b])).toEqual(figures([b, a]));
        expect(figures([mergeCoverage([a, b]), c])).toEqual(figures([a, mergeCoverage([b, c])]));
        expect(figures([mergeCoverage([a, b]), c])).toEqual(figures([a, b, c]));
        expect(figures([a, a])).toEqual(figures([a]));
      }),
    );
  });

  it("a line is covered exactly when any report covered it, and there when any counts it", () => {
    const runs = fc.array(fc.record({ hit: lines, missed: lines }), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(runs, (all) => {
        const merged = mergeCoverage(
          all.map((each) => coverageEvidence({ files: [fileOfLines("a", each)], floorPercent: null })),
        );
        const hit = new Set(all.flatMap((each) => each.hit));
        const known = new Set(all.flatMap((each) => [...each.hit, ...each.missed]));
        expect(merged.lines).toEqual(count(hit.size, known.size));
        expect(merged.isLowerBound).toBeUndefined();
      }),
    );
  });

  it("of files that are only counted it has the most that one report found, and says that more may be covered", () => {
    const of = (covered: number) =>
      coverageEvidence({ files: [{ path: "a", lines: count(covered, 10) }], floorPercent: null });
    expect(mergeCoverage([of(4), of(6)])).toMatchObject({ lines: count(6, 10), isLowerBound: true });
    expect(mergeCoverage([of(4)]).isLowerBound).toBeUndefined();
  });

  it("of nothing is nothing", () => {
    expect(mergeCoverage([])).toMatchObject({ lines: count(0, 0), files: [] });
  });
});
