import type { RunView } from "../../engine/run-view.ts";
import type { ReleaseEvidence } from "../../evidence/evidence.ts";
import { strip } from "../charts/strip.ts";
import { proofsOf } from "../proof.ts";
import type { Section } from "../section.ts";
import { formatBytes, formatPlural } from "../text/format.ts";
import { mdLine } from "../text/markdown.ts";
import { type Markup, markup } from "../text/markup.ts";

const MOST_PARTS = 20;

/** The bundle that serves: its digest and what weighs in it. */
export function releaseSection(view: RunView): Section | null {
  const proofs = proofsOf(view, "release");
  if (proofs.length === 0) return null;
  return {
    id: "release",
    title: "Release",
    summary: proofs.map(({ evidence }) => `${evidence.releaseId}, ${formatBytes(evidence.sizeBytes)}`).join("; "),
    isWide: false,
    page: markup`${proofs.map(({ evidence }) => parts(evidence))}`,
    lines: proofs.flatMap(({ evidence }) => [
      mdLine`- **${evidence.releaseId}**: ${formatPlural(evidence.fileCount, "file")}, ${formatBytes(evidence.sizeBytes)}, digest ${evidence.digest}`,
      ...evidence.parts
        .slice(0, MOST_PARTS)
        .map(
          (part) => mdLine`  - ${part.name}: ${formatPlural(part.fileCount, "file")}, ${formatBytes(part.sizeBytes)}`,
        ),
    ]),
  };
}

function parts(evidence: ReleaseEvidence): Markup {
  const sorted = evidence.parts.toSorted((left, right) => right.sizeBytes - left.sizeBytes).slice(0, MOST_PARTS);
  const largest = sorted[0]?.sizeBytes ?? 0;
  return markup`<dl class="pairs stacked"><div><dt>Release</dt><dd>${evidence.releaseId}</dd></div><div><dt>Digest</dt><dd class="digest">${evidence.digest}</dd></div></dl>
<table class="figures bars"><caption>${formatPlural(evidence.fileCount, "file")}<small>${formatBytes(evidence.sizeBytes)} in all</small></caption><thead class="hidden"><tr><th scope="col">Part</th><th scope="col">Bar</th><th scope="col">Size</th><th scope="col">Files</th></tr></thead><tbody>${sorted.map(
    (part) =>
      markup`<tr><th scope="row">${part.name}</th><td class="chart">${strip({ hasRail: false, segments: [{ from: 0, to: largest > 0 ? part.sizeBytes / largest : 0, tone: "data" }] })}</td><td class="num">${formatBytes(part.sizeBytes)}</td><td class="num quiet">${formatPlural(part.fileCount, "file")}</td></tr>`,
  )}</tbody></table>`;
}
