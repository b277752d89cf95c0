import type { RunView } from "../../engine/run-view.ts";
import type { CoverageCount } from "../../evidence/evidence.ts";
import { strip } from "../charts/strip.ts";
import { type Proof, proofsOf } from "../proof.ts";
import type { Section, Tone } from "../section.ts";
import { formatCount, formatPercent } from "../text/format.ts";
import { mdLine } from "../text/markdown.ts";
import { type Markup, markup } from "../text/markup.ts";
import { coverageNoteLines, coverageNotes } from "./coverage-notes.ts";

type CoverageProof = Proof<"coverage">;

const MOST_FILES = 8;

/** How much of the code the tests run, against the floor, and where least. */
export function coverageSection(view: RunView): Section | null {
  const proofs = mergedFirst(proofsOf(view, "coverage"));
  if (proofs.length === 0) return null;
  return {
    id: "coverage",
    title: "Coverage",
    summary: coverageInWords(view) ?? "",
    isWide: false,
    page: markup`${proofs.map((proof) => markup`${totals(proof)}${coverageNotes(proof.evidence)}`)}${tellers(proofs).map(lowest)}`,
    lines: proofs.flatMap(({ step, evidence }) => [
      mdLine`- **${step.name}**: ${sayShare(evidence.lines)} of lines${sayFloor(evidence.floorPercent)}, ${sayShare(evidence.branches)} of branches, ${sayShare(evidence.functions)} of functions`,
      ...coverageNoteLines(evidence),
    ]),
  };
}

/** "94.1 % of lines (floor 85 %)"; null when nothing was measured. */
export function coverageInWords(view: RunView): string | null {
  const words = tellers(mergedFirst(proofsOf(view, "coverage"))).map(
    ({ evidence }) => `${sayShare(evidence.lines)} of lines${sayFloor(evidence.floorPercent)}`,
  );
  return words.length === 0 ? null : words.join("; ");
}

function mergedFirst(proofs: readonly CoverageProof[]): readonly CoverageProof[] {
  const isMerged = ({ evidence }: CoverageProof): boolean => evidence.mergedFrom !== undefined;
  return [...proofs.filter(isMerged), ...proofs.filter((proof) => !isMerged(proof))];
}

/** Those that speak for the run: what was merged, where something was, and what was not merged into it. */
function tellers(proofs: readonly CoverageProof[]): readonly CoverageProof[] {
  const merged = new Set(proofs.flatMap(({ evidence }) => evidence.mergedFrom ?? []));
  return proofs.filter(({ step, evidence }) => evidence.mergedFrom !== undefined || !merged.has(step.name));
}

/** 0–1; null when there is nothing to cover, which is neither full nor empty. */
function coveredShare(count: CoverageCount): number | null {
  return count.totalCount > 0 ? count.coveredCount / count.totalCount : null;
}

function sayShare(count: CoverageCount): string {
  const share = coveredShare(count);
  return share === null ? "none there" : formatPercent(share);
}

function sayFloor(floorPercent: number | null): string {
  return floorPercent === null ? "" : ` (floor ${floorPercent}\u00A0%)`;
}

function totals({ step, evidence }: CoverageProof): Markup {
  const floor = evidence.floorPercent === null ? null : evidence.floorPercent / 100;
  const rows = [
    { name: "Lines", count: evidence.lines, floor },
    { name: "Branches", count: evidence.branches, floor: null },
    { name: "Functions", count: evidence.functions, floor: null },
  ];
  return markup`<table class="figures bars"><caption>${step.name}${
    evidence.floorPercent === null
      ? markup`<small>no floor is set</small>`
      : markup`<small>the upright line is the floor of ${evidence.floorPercent} % of lines</small>`
  }</caption><thead class="hidden"><tr><th scope="col">Kind</th><th scope="col">Bar</th><th scope="col">Share</th><th scope="col">Counts</th></tr></thead><tbody>${rows.map(
    (row) =>
      markup`<tr><th scope="row">${row.name}</th><td class="chart">${shareBar(row.count, row.floor)}</td><td class="num">${sayShare(row.count)}</td><td class="num quiet">${formatCount(row.count.coveredCount)} of ${formatCount(row.count.totalCount)}</td></tr>`,
  )}</tbody></table>`;
}

function shareBar(count: CoverageCount, floor: number | null): Markup {
  const share = coveredShare(count) ?? 0;
  const tone: Tone = floor === null ? "data" : share < floor ? "bad" : "good";
  return strip({
    height: 16,
    segments: [{ from: 0, to: share, tone }],
    marks: floor === null ? [] : [{ at: floor, tone: "idle" }],
  });
}

function lowest({ evidence }: CoverageProof): Markup | null {
  const files = evidence.files
    .flatMap((file) => {
      const share = coveredShare(file.lines);
      return share === null || share >= 1 ? [] : [{ ...file, share }];
    })
    .toSorted((left, right) => left.share - right.share)
    .slice(0, MOST_FILES);
  if (files.length === 0) return null;
  return markup`<table class="figures bars"><caption>Least covered files</caption><thead class="hidden"><tr><th scope="col">File</th><th scope="col">Bar</th><th scope="col">Lines</th></tr></thead><tbody>${files.map(
    (file) =>
      markup`<tr><th scope="row" class="path">${file.path}</th><td class="chart">${strip({ segments: [{ from: 0, to: file.share, tone: "data" }] })}</td><td class="num">${formatPercent(file.share)}</td></tr>`,
  )}</tbody></table>`;
}
