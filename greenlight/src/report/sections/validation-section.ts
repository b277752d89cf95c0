import type { RunView } from "../../engine/run-view.ts";
import type { ValidationEvidence } from "../../evidence/evidence.ts";
import { strip } from "../charts/strip.ts";
import { type Proof, proofsOf } from "../proof.ts";
import type { Section, Tone } from "../section.ts";
import { formatCount, formatPercent } from "../text/format.ts";
import { type Markdown, mdLine, mdTable } from "../text/markdown.ts";
import { type Markup, markup } from "../text/markup.ts";

type Rule = ValidationEvidence["rules"][number];

const MOST_RULES = 60;
const WORDS: Readonly<Record<Rule["action"], string>> = {
  reject: "rejected",
  repair: "repaired",
  quarantine: "quarantined",
  unlabelled: "no label",
};
const TONES: Readonly<Record<Rule["action"], Tone>> = {
  reject: "bad",
  repair: "data",
  quarantine: "warn",
  unlabelled: "wait",
};

/** From the rows read to the rows kept, rule by rule. */
export function validationSection(view: RunView): Section | null {
  const proofs = proofsOf(view, "validation");
  if (proofs.length === 0) return null;
  return {
    id: "data",
    title: "Data validation",
    summary: proofs
      .map(({ evidence }) => `${formatCount(evidence.readCount)} rows read, ${formatCount(evidence.keptCount)} kept`)
      .join("; "),
    isWide: true,
    page: markup`${proofs.map(funnel)}`,
    lines: proofs.flatMap(validationLines),
  };
}

interface FunnelRow extends Rule {
  /** Rows before and after this rule; they are equal for a repair. */
  readonly before: number;
  readonly after: number;
}

/**
 * The rows left after each rule, or null when the counts of the rules do not lead from read to kept (rules that
 * overlap, rows dropped elsewhere): then no running total would be true.
 */
export function funnelRows(evidence: ValidationEvidence): readonly FunnelRow[] | null {
  let left = evidence.readCount;
  const rows = evidence.rules.map((rule) => {
    const before = left;
    if (rule.action !== "repair") left -= rule.rowCount;
    return { ...rule, before, after: left };
  });
  return left === evidence.keptCount ? rows : null;
}

function funnel({ evidence }: Proof<"validation">): Markup {
  const read = Math.max(evidence.readCount, 1);
  const rows = funnelRows(evidence);
  const shown = (rows ?? evidence.rules.map((rule) => ({ ...rule, before: null, after: null }))).slice(0, MOST_RULES);
  const hidden = evidence.rules.length - shown.length;
  return markup`<table class="figures bars funnel"><caption>${evidence.source}<small>${sayTotals(evidence)}</small></caption>
<thead><tr><th scope="col">Rule, in order</th><th scope="col">What it did</th><th scope="col" class="num">Rows</th><th scope="col" class="chart"><span class="hidden">Bar</span></th><th scope="col" class="num">Left</th></tr></thead>
<tbody><tr class="total"><th scope="row">read</th><td></td><td class="num">${formatCount(evidence.readCount)}</td><td class="chart">${strip({ segments: [{ from: 0, to: 1, tone: "data" }], hasRail: false })}</td><td class="num">${formatCount(evidence.readCount)}</td></tr>
${shown.map(
  (row) =>
    markup`<tr><th scope="row">${row.rule}</th><td><span class="tag ${TONES[row.action]}">${WORDS[row.action]}</span></td><td class="num">${formatCount(row.rowCount)}</td><td class="chart">${row.before === null ? null : ruleBar(row, read)}</td><td class="num quiet">${row.after === null ? "" : formatCount(row.after)}</td></tr>`,
)}
<tr class="total"><th scope="row">kept</th><td></td><td class="num">${formatCount(evidence.keptCount)}</td><td class="chart">${strip({ segments: [{ from: 0, to: evidence.keptCount / read, tone: "good" }], hasRail: false })}</td><td class="num">${formatPercent(evidence.keptCount / read)}</td></tr></tbody></table>${
    rows === null ? markup`<p class="note">The counts of the rules overlap, so no running total is shown.</p>` : null
  }${hidden > 0 ? markup`<p class="note">${formatCount(hidden)} more rules are not shown here.</p>` : null}`;
}

/** What is left in a quiet tone, what this rule took or repaired in its own. */
function ruleBar(
  row: { action: Rule["action"]; rowCount: number; before: number; after: number },
  read: number,
): Markup {
  const touched = row.action === "repair" ? row.before - row.rowCount : row.after;
  return strip({
    hasRail: false,
    segments: [
      { from: 0, to: touched / read, tone: "soft" },
      { from: touched / read, to: row.before / read, tone: TONES[row.action] },
    ],
  });
}

function sayTotals(evidence: ValidationEvidence): string {
  return `${formatCount(evidence.rejectedCount)} rejected, ${formatCount(evidence.quarantinedCount)} quarantined, ${formatCount(evidence.keptCount)} of ${formatCount(evidence.readCount)} kept`;
}

function validationLines({ evidence }: Proof<"validation">): readonly Markdown[] {
  return [
    mdLine`**${evidence.source}**: ${sayTotals(evidence)}`,
    mdLine``,
    ...mdTable(
      "llr",
      ["Rule", "What it did", "Rows"],
      evidence.rules.slice(0, MOST_RULES).map((rule) => [rule.rule, WORDS[rule.action], formatCount(rule.rowCount)]),
    ),
    mdLine``,
  ];
}
