import type { ChangedCoverage, CoverageEvidence } from "../../evidence/evidence.ts";
import { formatCount, formatPercent, formatPlural } from "../text/format.ts";
import { type Markdown, mdLine } from "../text/markdown.ts";
import { type Markup, markup } from "../text/markup.ts";

const MOST_FILES = 20;
const MOST_STRANGERS = 5;

/** What a person has to know beside the totals: what was merged, what changed, what was left out. */
export function coverageNotes(evidence: CoverageEvidence): Markup {
  return markup`${notesOf(evidence).map((note) => markup`<p class="note">${note}</p>`)}${changedTable(evidence.changed)}`;
}

export function coverageNoteLines(evidence: CoverageEvidence): readonly Markdown[] {
  const missed = evidence.changed?.isKnown === true ? evidence.changed.files.slice(0, MOST_FILES) : [];
  return [
    ...notesOf(evidence).map((note) => mdLine`  - ${note}`),
    ...missed.map((file) => mdLine`  - ${file.path}: changed and not covered: ${file.missed}`),
  ];
}

function notesOf({ mergedFrom, isLowerBound, changed, strangers }: CoverageEvidence): readonly string[] {
  return [
    ...(mergedFrom === undefined
      ? []
      : [`Merged from ${formatPlural(mergedFrom.length, "step")}: ${mergedFrom.join(", ")}.`]),
    ...(isLowerBound === true ? ["Some reports only count lines, so that more may be covered."] : []),
    ...(changed === undefined ? [] : [changedInWords(changed)]),
    ...(strangers === undefined
      ? []
      : [
          `Left out, as the project does not have them: ${strangers.paths.slice(0, MOST_STRANGERS).join(", ")}${strangers.count > MOST_STRANGERS ? ` and ${formatCount(strangers.count - MOST_STRANGERS)} more` : ""}.`,
        ]),
  ];
}

function changedInWords(changed: ChangedCoverage): string {
  const floor = changed.floorPercent === null ? "" : ` (floor ${changed.floorPercent} %)`;
  if (!changed.isKnown) return `How much of what changed is covered is not known${floor}: ${changed.why}.`;
  const { coveredCount, totalCount } = changed.lines;
  if (totalCount === 0) return `No line to cover changed since ${changed.against}.`;
  return `${formatPercent(coveredCount / totalCount)} of ${formatPlural(totalCount, "line")} changed since ${changed.against} covered${floor}.`;
}

function changedTable(changed: ChangedCoverage | undefined): Markup | null {
  if (changed?.isKnown !== true || changed.files.length === 0) return null;
  const shown = changed.files.slice(0, MOST_FILES);
  const hidden = changed.files.length - shown.length;
  return markup`<table class="figures"><caption>Changed and not covered</caption><thead><tr><th scope="col">File</th><th scope="col">Lines</th></tr></thead><tbody>${shown.map(
    (file) => markup`<tr><th scope="row" class="path">${file.path}</th><td>${file.missed}</td></tr>`,
  )}</tbody></table>${hidden > 0 ? markup`<p class="note">${formatPlural(hidden, "more file")} not shown here.</p>` : null}`;
}
