import type { RunView } from "../../engine/run-view.ts";
import type { Finding } from "../../evidence/evidence.ts";
import { type Proof, proofsOf } from "../proof.ts";
import type { Section } from "../section.ts";
import { shape } from "../state.ts";
import { formatCount, formatPlural } from "../text/format.ts";
import { mdLine, type Markdown } from "../text/markdown.ts";
import { type Markup, markup } from "../text/markup.ts";

type FindingsProof = Proof<"findings">;

/** All levels together; a log with thousands of findings must not become a page of megabytes. */
const MOST_SHOWN_PER_TOOL = 200;
const MOST_LINES_PER_TOOL = 20;
const LEVELS = ["error", "warning", "note"] as const;

/** What the checking tools found, by tool, then by file. */
export function findingsSection(view: RunView): Section | null {
  const proofs = proofsOf(view, "findings");
  if (proofs.length === 0) return null;
  return {
    id: "findings",
    title: "Findings",
    summary: findingsInWords(view) ?? "",
    isWide: true,
    page: markup`<ul class="tools">${proofs.map(
      (proof) =>
        markup`<li><span class="${toneOf(proof)}">${shape(shapeOf(proof))}</span><b>${proof.evidence.tool}</b><span>${sayCount(proof)}</span></li>`,
    )}</ul>${proofs.filter((proof) => proof.evidence.findings.length > 0).map(toolBlock)}`,
    lines: proofs.flatMap(toolLines),
  };
}

/** "none from 4 tools"; null when no tool looked. */
export function findingsInWords(view: RunView): string | null {
  const proofs = proofsOf(view, "findings");
  if (proofs.length === 0) return null;
  const total = proofs.reduce((sum, { evidence }) => sum + evidence.findingCount, 0);
  return `${total === 0 ? "none" : formatCount(total)} from ${formatPlural(proofs.length, "tool")}`;
}

/** "none in 143 files", or how many of which level. Never says more than the evidence does. */
function sayCount({ evidence }: FindingsProof): string {
  const place = evidence.checkedCount === null ? "" : ` in ${formatPlural(evidence.checkedCount, "file")}`;
  if (evidence.findingCount === 0) {
    return place === "" ? "none; the tool does not say how many files it read" : `none${place}`;
  }
  if (evidence.findingCount > evidence.findings.length) return formatPlural(evidence.findingCount, "finding") + place;
  const counts = LEVELS.flatMap((level) => {
    const count = evidence.findings.filter((finding) => finding.level === level).length;
    return count === 0 ? [] : [formatPlural(count, level)];
  });
  return counts.join(", ") + place;
}

function toolBlock(proof: FindingsProof): Markup {
  const { evidence } = proof;
  const shown = evidence.findings.slice(0, MOST_SHOWN_PER_TOOL);
  const hidden = Math.max(evidence.findingCount, evidence.findings.length) - shown.length;
  return markup`<div class="tool"><h3>${evidence.tool}<small>step “${proof.step.name}”</small></h3>${byFile(shown).map(
    ([file, findings]) =>
      markup`<h4>${file ?? "no file named"}</h4><ul class="findings">${findings.map(
        (finding) =>
          markup`<li><span class="state ${finding.level}">${shape(shapeOfLevel(finding.level))}<span class="hidden">${finding.level}</span></span><span class="num line">${
            finding.line === null ? "" : `line ${finding.line}`
          }</span><span>${finding.message} <code>${finding.rule}</code></span></li>`,
      )}</ul>`,
  )}${hidden > 0 ? markup`<p class="note">${formatCount(hidden)} more are not shown here.</p>` : null}</div>`;
}

function toolLines(proof: FindingsProof): readonly Markdown[] {
  const { evidence } = proof;
  const shown = evidence.findings.slice(0, MOST_LINES_PER_TOOL);
  const hidden = Math.max(evidence.findingCount, evidence.findings.length) - shown.length;
  return [
    mdLine`- **${evidence.tool}**: ${sayCount(proof)}`,
    ...shown.map(
      (finding) =>
        mdLine`  - ${finding.level}: ${finding.file ?? "no file named"}${finding.line === null ? "" : `:${finding.line}`}: ${finding.message} (${finding.rule})`,
    ),
    ...(hidden > 0 ? [mdLine`  - ${formatCount(hidden)} more`] : []),
  ];
}

function byFile(findings: readonly Finding[]): readonly (readonly [string | null, readonly Finding[]])[] {
  const files = new Map<string | null, Finding[]>();
  for (const finding of findings) {
    const list = files.get(finding.file);
    if (list === undefined) files.set(finding.file, [finding]);
    else list.push(finding);
  }
  return [...files];
}

function toneOf({ evidence }: FindingsProof): string {
  if (evidence.findingCount === 0) return "good";
  return evidence.findings.some((finding) => finding.level === "error") ? "bad" : "warn";
}

function shapeOf(proof: FindingsProof): string {
  const tone = toneOf(proof);
  return tone === "good" ? "passed" : tone === "bad" ? "failed" : "warned";
}

function shapeOfLevel(level: Finding["level"]): string {
  return level === "error" ? "failed" : level === "warning" ? "warned" : "skipped";
}
