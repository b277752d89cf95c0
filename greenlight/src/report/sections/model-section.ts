import { canonicalJson } from "../../base/json.ts";
import type { RunView } from "../../engine/run-view.ts";
import type { ModelEvidence } from "../../evidence/evidence.ts";
import { strip } from "../charts/strip.ts";
import { type Proof, proofsOf } from "../proof.ts";
import type { Section } from "../section.ts";
import { formatChange, formatCount, formatMetric, shortDigest } from "../text/format.ts";
import { type Markdown, mdLine, mdTable } from "../text/markdown.ts";
import { type Markup, markup } from "../text/markup.ts";
import { sliceLines, sliceTables } from "./model-slices.ts";

const MOST_PARAMETERS = 40;

/** How good the model is: beside its baselines, by slice, and what it was made with. */
export function modelSection(view: RunView): Section | null {
  const proofs = proofsOf(view, "model");
  if (proofs.length === 0) return null;
  return {
    id: "model",
    title: "Model",
    summary: proofs.map(({ evidence }) => `${formatMetric(evidence.metrics.rmse)} RMSE`).join("; "),
    isWide: true,
    page: markup`${proofs.map((proof) => markup`${headOf(proof)}${metricsTable(proof.evidence)}${sliceTables(proof.evidence)}${parametersOf(proof.evidence)}`)}`,
    lines: proofs.flatMap(({ evidence }) => modelLines(evidence)),
  };
}

/** "3.1 % lower error than ridge"; `of` holds another model's figures on the same rows. */
export function compareRmse(rmse: number, of: { readonly name: string; readonly rmse: number }): string {
  const change = (rmse - of.rmse) / of.rmse;
  if (!Number.isFinite(change)) return `not comparable with ${of.name}`;
  const size = formatChange(change);
  if (/^0\.0\D/.test(size)) return `the same error as ${of.name}`;
  return `${size} ${change < 0 ? "lower" : "higher"} error than ${of.name}`;
}

function headOf({ step, evidence }: Proof<"model">): Markup {
  return markup`<p class="lead">${evidence.algorithm}, features ${evidence.featureSet}, split ${evidence.split}: trained on <b class="num">${formatCount(evidence.trainCount)}</b> rows, judged on <b class="num">${formatCount(evidence.testCount)}</b> that it had not seen. <small>From step “${step.name}”, model <code title="${evidence.digest}">${shortDigest(evidence.digest)}</code>, seed ${evidence.seed}.</small></p>`;
}

function metricsTable(evidence: ModelEvidence): Markup {
  const baselines = evidence.baselines.toSorted((left, right) => left.rmse - right.rmse);
  const largest = Math.max(evidence.metrics.rmse, ...baselines.map((each) => each.rmse)) || 1;
  const rows = [
    { name: "this model", isOwn: true, ...evidence.metrics },
    ...baselines.map((each) => ({ ...each, isOwn: false })),
  ];
  return markup`<table class="figures bars models"><caption>Error beside the baselines<small>RMSE, shorter is better</small></caption>
<thead><tr><th scope="col">Model</th><th scope="col" class="chart"><span class="hidden">Bar</span></th><th scope="col" class="num">RMSE</th><th scope="col" class="num">MAE</th><th scope="col" class="num">R²</th></tr></thead><tbody>${rows.map(
    (row) =>
      markup`<tr class="${row.isOwn ? "own" : ""}"><th scope="row">${row.name}${row.isOwn ? null : markup`<small>this model has ${compareRmse(evidence.metrics.rmse, row)}</small>`}</th><td class="chart">${strip(
        {
          height: 14,
          segments: [{ from: 0, to: row.rmse / largest, tone: row.isOwn ? "good" : "soft" }],
          marks: [{ at: evidence.metrics.rmse / largest, tone: "good" }],
          hasRail: false,
        },
      )}</td><td class="num">${formatMetric(row.rmse)}</td><td class="num">${formatMetric(row.mae)}</td><td class="num">${formatMetric(row.r2)}</td></tr>`,
  )}</tbody></table>${baselines.length === 0 ? markup`<p class="note">No baseline was measured in this run.</p>` : null}`;
}

function parametersOf(evidence: ModelEvidence): Markup | null {
  const entries = Object.entries(evidence.parameters);
  if (entries.length === 0) return null;
  return markup`<h3>Parameters</h3><dl class="pairs">${entries
    .slice(0, MOST_PARAMETERS)
    .map(
      ([name, value]) =>
        markup`<div><dt>${name}</dt><dd class="num">${typeof value === "string" ? value : canonicalJson(value)}</dd></div>`,
    )}</dl>${entries.length > MOST_PARAMETERS ? markup`<p class="note">${entries.length - MOST_PARAMETERS} more are not shown here.</p>` : null}`;
}

function modelLines(evidence: ModelEvidence): readonly Markdown[] {
  const rows = [{ name: "this model", ...evidence.metrics }, ...evidence.baselines];
  return [
    mdLine`${evidence.algorithm}, features ${evidence.featureSet}, split ${evidence.split}, ${formatCount(evidence.trainCount)} rows for training, ${formatCount(evidence.testCount)} for testing, seed ${evidence.seed}, model ${shortDigest(evidence.digest)}`,
    mdLine``,
    ...mdTable(
      "lrrr",
      ["Model", "RMSE", "MAE", "R²"],
      rows.map((row) => [row.name, formatMetric(row.rmse), formatMetric(row.mae), formatMetric(row.r2)]),
    ),
    mdLine``,
    ...sliceLines(evidence),
  ];
}
