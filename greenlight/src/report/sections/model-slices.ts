import type { ModelEvidence } from "../../evidence/evidence.ts";
import { strip } from "../charts/strip.ts";
import { formatCount, formatMetric, formatSigned } from "../text/format.ts";
import { type Markdown, mdLine, mdTable } from "../text/markdown.ts";
import { type Markup, markup } from "../text/markup.ts";

type Slice = ModelEvidence["slices"][number];

const MOST_SLICES = 30;
const MOST_GROUPS = 8;
/** Below this many rows the error of a slice says little: its standard error is over an eighth of it (1/√(2n)). */
const FEW_ROWS = 30;

/** Error and bias of each slice, worst first; one table for each thing that the rows were sliced by. */
export function sliceTables(evidence: ModelEvidence): Markup {
  return markup`${groupsOf(evidence).map(([by, slices]) => sliceTable(evidence, by, slices))}`;
}

export function sliceLines(evidence: ModelEvidence): readonly Markdown[] {
  return groupsOf(evidence).flatMap(([by, slices]) => [
    ...mdTable(
      "lrrrr",
      [mdLine`By ${by}, worst first`.source, "Rows", "RMSE", "MAE", "Bias"],
      slices
        .slice(0, MOST_SLICES)
        .map((slice) => [
          slice.name,
          formatCount(slice.count),
          formatMetric(slice.rmse),
          formatMetric(slice.mae),
          formatSigned(slice.bias),
        ]),
    ),
    mdLine``,
  ]);
}

function groupsOf(evidence: ModelEvidence): readonly (readonly [string, readonly Slice[]])[] {
  const names = [...new Set(evidence.slices.map((slice) => slice.by))].slice(0, MOST_GROUPS);
  return names.map((by) => [
    by,
    evidence.slices.filter((slice) => slice.by === by).toSorted((left, right) => right.rmse - left.rmse),
  ]);
}

function sliceTable(evidence: ModelEvidence, by: string, slices: readonly Slice[]): Markup {
  const largest = Math.max(evidence.metrics.rmse, ...slices.map((slice) => slice.rmse)) || 1;
  const farthest = Math.max(...slices.map((slice) => Math.abs(slice.bias))) || 1;
  const hasFew = slices.some((slice) => slice.count < FEW_ROWS);
  const hidden = slices.length - MOST_SLICES;
  return markup`<table class="figures bars slices"><caption>Error by ${by}<small>worst first; the upright line is the whole test set at ${formatMetric(evidence.metrics.rmse)}</small></caption>
<thead><tr><th scope="col">${by}</th><th scope="col" class="num">Rows</th><th scope="col" class="chart"><span class="hidden">Bar of RMSE</span></th><th scope="col" class="num">RMSE</th><th scope="col" class="num">MAE</th><th scope="col" class="chart narrow">Bias<small class="ends" aria-hidden="true"><span>too low</span><span>too high</span></small></th><th scope="col" class="num"><span class="hidden">Bias</span></th></tr></thead><tbody>${slices
    .slice(0, MOST_SLICES)
    .map(
      (slice) =>
        markup`<tr class="${slice.count < FEW_ROWS ? "few" : ""}"><th scope="row">${slice.name}</th><td class="num quiet">${formatCount(slice.count)}</td><td class="chart">${strip(
          {
            height: 14,
            hasRail: false,
            segments: [{ from: 0, to: slice.rmse / largest, tone: "data" }],
            marks: [{ at: evidence.metrics.rmse / largest, tone: "idle" }],
          },
        )}</td><td class="num">${formatMetric(slice.rmse)}</td><td class="num">${formatMetric(slice.mae)}</td><td class="chart narrow">${strip(
          {
            height: 14,
            hasRail: false,
            segments: [{ from: 0.5, to: 0.5 + slice.bias / farthest / 2, tone: "soft" }],
            marks: [{ at: 0.5, tone: "idle" }],
          },
        )}</td><td class="num">${formatSigned(slice.bias)}</td></tr>`,
    )}</tbody></table>${hidden > 0 ? markup`<p class="note">${hidden} more are not shown here.</p>` : null}<p class="note">Bias is the mean of predicted − actual.${hasFew ? ` Pale rows have fewer than ${FEW_ROWS} examples: read them with care.` : ""}</p>`;
}
