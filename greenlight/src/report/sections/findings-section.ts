import type { Problem } from "../../base/problem.ts";
import type { RunView } from "../../engine/run-view.ts";
import type { Finding } from "../../evidence/evidence.ts";
import { isCounted } from "../../evidence/findings.ts";
import { describeIdle } from "../../evidence/idle-suppressions.ts";
import { type Proof, proofsOf } from "../proof.ts";
import type { Section } from "../section.ts";
import { shape } from "../state.ts";
import { formatCount, formatPlural } from "../text/format.ts";
import { link } from "../text/link.ts";
import { mdLine, type Markdown } from "../text/markdown.ts";
import { type Markup, markup, withCode } from "../text/markup.ts";
import { countOfReport, noveltyOf, sayAsides, sayCount, toneOf } from "./findings-words.ts";

type FindingsProof = Proof<"findings">;

/** All levels together; a log with thousands of findings must not become a page of megabytes. */
const MOST_SHOWN_PER_TOOL = 200;
const MOST_LINES_PER_TOOL = 20;
/** With fewer nothing needs to be searched. */
const FILTERED_FROM = 2;

/** What the checking tools found, by tool, then by file; new ones and those that fail first. */
export function findingsSection(view: RunView): Section | null {
  const proofs = proofsOf(view, "findings");
  if (proofs.length === 0) return null;
  const idle = describeIdle(proofs.map(({ evidence }) => evidence));
  const telling = proofs.filter((proof) => proof.evidence.findings.length > 0 || vanishedOf(proof).length > 0);
  return {
    id: "findings",
    title: "Findings",
    summary: findingsInWords(view) ?? "",
    isWide: true,
    page: markup`<ul class="tools">${proofs.map(
      (proof) =>
        markup`<li><span class="${toneOf(proof.evidence)}">${shape(shapeOf(proof))}</span><b>${proof.evidence.tool}</b><span>${[sayCount(proof.evidence), ...sayAsides(proof.evidence)].join("; ")}</span></li>`,
    )}</ul>${idleBlock(idle)}${filterBar(telling)}${telling.map(toolBlock)}`,
    lines: [...proofs.flatMap(toolLines), ...idle.map(idleLine)],
  };
}

/** What could be taken back; it spoils nothing, so it stands apart from the findings. */
function idleBlock(idle: readonly Problem[]): Markup | null {
  if (idle.length === 0) return null;
  return markup`<details class="idle"><summary>${formatPlural(idle.length, "thing")} to tidy up</summary><ul class="plain">${idle.map(
    ({ place, message, remedy }) => markup`<li>${place}: ${message}<small>${withCode(remedy)}</small></li>`,
  )}</ul></details>`;
}

function idleLine({ place, message, remedy }: Problem): Markdown {
  return mdLine`- to tidy up: ${place}: ${message}; ${remedy}`;
}

/** "none from 4 tools"; null when no tool looked. */
export function findingsInWords(view: RunView): string | null {
  const proofs = proofsOf(view, "findings");
  if (proofs.length === 0) return null;
  const total = proofs.reduce((sum, { evidence }) => sum + evidence.findingCount, 0);
  const unknown = proofs.filter(({ evidence }) => evidence.isInconclusive === true).length;
  const inconclusive = unknown === 0 ? "" : `, ${formatCount(unknown)} inconclusive`;
  return `${total === 0 ? "none" : formatCount(total)} from ${formatPlural(proofs.length, "tool")}${inconclusive}`;
}

/** Choices for the script of the page; without it they stay hidden and all findings are shown. */
function filterBar(proofs: readonly FindingsProof[]): Markup | null {
  const shown = proofs.flatMap(({ evidence }) => evidence.findings.slice(0, MOST_SHOWN_PER_TOOL));
  if (shown.length < FILTERED_FROM) return null;
  const tools = [...new Set(proofs.map(({ evidence }) => evidence.tool))];
  return markup`<div class="filter" role="search" aria-label="Findings" hidden="">${choice("tool", "all tools", tools)}${choice(
    "level",
    "all levels",
    ["error", "warning", "note"],
  )}${choice("state", "new and old", ["new", "known", "suppressed"])}<label><span class="hidden">text</span><input type="search" data-filter="text" placeholder="file, rule or text"></label><span class="quiet" role="status" data-shown=""></span></div>`;
}

function choice(name: string, all: string, values: readonly string[]): Markup {
  return markup`<label><span class="hidden">${name}</span><select data-filter="${name}"><option value="">${all}</option>${values.map(
    (value) => markup`<option value="${value}">${value}</option>`,
  )}</select></label>`;
}

function toolBlock(proof: FindingsProof): Markup {
  const { evidence } = proof;
  const shown = evidence.findings.slice(0, MOST_SHOWN_PER_TOOL);
  const hidden = Math.max(evidence.findingCount, evidence.findings.length) - shown.length;
  const vanished = vanishedOf(proof);
  return markup`<div class="tool" data-tool="${evidence.tool}"><h3>${evidence.tool}<small>step “${proof.step.name}”</small></h3>${byFile(
    shown,
  ).map(
    ([file, findings]) =>
      markup`<div data-file=""><h4>${file ?? "no file named"}${countOfReport(evidence, file, findings.length)}</h4><ul class="findings">${findings.map(findingItem)}</ul></div>`,
  )}${hidden > 0 ? markup`<p class="note">${formatCount(hidden)} more are not shown here; findings.sarif holds all of them.</p>` : null}${
    vanished.length === 0
      ? null
      : markup`<details><summary>${formatPlural(evidence.judged?.vanishedCount ?? 0, "finding")} of the baseline gone</summary><ul class="plain">${vanished.map(
          ({ rule, file, message }) => markup`<li>${file ?? "no file named"}: ${message} <code>${rule}</code></li>`,
        )}</ul></details>`
  }</div>`;
}

function findingItem(finding: Finding): Markup {
  const { level, message, rule, helpUri, snippet, suppression } = finding;
  const novelty = noveltyOf(finding);
  const tag =
    novelty === "" ? null : markup` <span class="tag ${novelty === "new" ? "bad" : "idle"}">${novelty}</span>`;
  const until = suppression?.expires === undefined ? "" : ` until ${suppression.expires}`;
  return markup`<li data-level="${level}" data-state="${novelty}"><span class="state ${isCounted(finding) ? level : "note"}">${shape(shapeOfLevel(level))}<span class="hidden">${level}</span></span><span class="num line">${placeInFile(finding)}</span><span>${message} <code>${helpUri === undefined ? rule : link(helpUri, rule)}</code>${tag}${
    suppression === undefined ? null : markup`<small>${suppression.reason}${until}</small>`
  }${snippet === undefined || snippet === null ? null : markup`<code class="source">${snippet}</code>`}</span></li>`;
}

function toolLines(proof: FindingsProof): readonly Markdown[] {
  const { evidence } = proof;
  const shown = evidence.findings.slice(0, MOST_LINES_PER_TOOL);
  const hidden = Math.max(evidence.findingCount, evidence.findings.length) - shown.length;
  const vanished = evidence.judged?.vanished ?? [];
  return [
    mdLine`- **${evidence.tool}**: ${[sayCount(evidence), ...sayAsides(evidence)].join("; ")}`,
    ...byFile(shown).flatMap(([file, findings]) => [
      mdLine`  - ${file ?? "no file named"}`,
      ...findings.map(findingLine),
    ]),
    ...(hidden > 0 ? [mdLine`  - ${formatCount(hidden)} more`] : []),
    ...vanished
      .slice(0, MOST_LINES_PER_TOOL)
      .map(({ rule, file, message }) => mdLine`  - gone: ${file ?? "no file named"}: ${message} (${rule})`),
  ];
}

function findingLine(finding: Finding): Markdown {
  const { level, message, rule, line, snippet } = finding;
  const novelty = noveltyOf(finding);
  const place = line === null ? "" : `${placeInFile(finding)}: `;
  const source = snippet === undefined || snippet === null ? "" : `: ${snippet}`;
  return mdLine`    - ${novelty === "" ? "" : `${novelty} `}${level}: ${place}${message} (${rule})${source}`;
}

function placeInFile({ line, column }: Finding): string {
  if (line === null) return "";
  return column === undefined ? `line ${line}` : `line ${line}:${column}`;
}

function byFile(findings: readonly Finding[]): readonly (readonly [string | null, readonly Finding[]])[] {
  return [...Map.groupBy(findings, (finding) => finding.file)];
}

function vanishedOf({ evidence }: FindingsProof): NonNullable<FindingsProof["evidence"]["judged"]>["vanished"] {
  return evidence.judged?.vanished ?? [];
}

function shapeOf(proof: FindingsProof): string {
  const tone = toneOf(proof.evidence);
  return tone === "good" ? "passed" : tone === "bad" ? "failed" : "warned";
}

function shapeOfLevel(level: Finding["level"]): string {
  return level === "error" ? "failed" : level === "warning" ? "warned" : "skipped";
}
