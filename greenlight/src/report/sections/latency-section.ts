import type { RunView } from "../../engine/run-view.ts";
import type { BenchmarkEvidence, LatencyFigures } from "../../evidence/evidence.ts";
import { dotPlot } from "../charts/dot-plot.ts";
import { intervalPlot } from "../charts/interval-plot.ts";
import { type Proof, proofsOf } from "../proof.ts";
import type { Section } from "../section.ts";
import { stateMark, stateOfVerdict } from "../state.ts";
import { formatChange, formatCount, formatLatency, formatPlural, formatRatio } from "../text/format.ts";
import { type Markdown, mdLine, mdTable } from "../text/markdown.ts";
import { type Markup, markup } from "../text/markup.ts";

const FIGURES = [
  { name: "p50", key: "p50Ms" },
  { name: "p95", key: "p95Ms" },
  { name: "p99", key: "p99Ms" },
] as const satisfies readonly { name: string; key: keyof LatencyFigures }[];
const MOST_ROUNDS = 200;

/** Response times of each measured deployment, beside the baseline where there is one. */
export function latencySection(view: RunView): Section | null {
  const proofs = proofsOf(view, "benchmark");
  if (proofs.length === 0) return null;
  return {
    id: "latency",
    title: "Latency",
    summary: proofs
      .map(({ evidence }) => `${evidence.environment} p95 ${formatLatency(evidence.median.p95Ms)}`)
      .join("; "),
    isWide: true,
    page: markup`<div class="pair">${proofs.map(({ evidence }) => benchmark(evidence))}</div>`,
    lines: proofs.flatMap(benchmarkLines),
  };
}

function benchmark(evidence: BenchmarkEvidence): Markup {
  const { comparison } = evidence;
  const rounds = evidence.rounds.slice(0, MOST_ROUNDS);
  return markup`<article><h3>${evidence.environment}${comparison === null ? markup`<small>nothing to compare with</small>` : stateMark(stateOfVerdict(comparison.verdict))}</h3>
<p class="lead">${sayLoad(evidence)}</p>
${figuresTable(evidence)}
${comparison === null ? null : ratio(comparison)}
${dotPlot(
  FIGURES.map(({ name, key }) => ({
    name,
    values: rounds.map((round) => round[key]),
    middle: evidence.median[key],
    reference: comparison?.baseline[key] ?? null,
    text: formatLatency(evidence.median[key]),
  })),
  {
    label: `Each dot is one of ${formatPlural(rounds.length, "round")}; the blue line is their median${comparison === null ? "" : ", the grey one the baseline"}`,
    write: (value) => `${Number(value.toPrecision(3))} ms`,
  },
)}</article>`;
}

function figuresTable(evidence: BenchmarkEvidence): Markup {
  const baseline = evidence.comparison?.baseline ?? null;
  return markup`<table class="figures"><caption class="hidden">Latency of ${evidence.environment}</caption><thead><tr><th scope="col">Median of the rounds</th>${
    baseline === null ? null : markup`<th scope="col" class="num">Baseline</th>`
  }<th scope="col" class="num">${evidence.environment}</th>${baseline === null ? null : markup`<th scope="col" class="num">Change</th>`}</tr></thead><tbody>${FIGURES.map(
    ({ name, key }) =>
      markup`<tr><th scope="row">${name}</th>${baseline === null ? null : markup`<td class="num quiet">${formatLatency(baseline[key])}</td>`}<td class="num">${formatLatency(evidence.median[key])}</td>${baseline === null ? null : markup`<td class="num quiet">${change(evidence.median[key], baseline[key])}</td>`}</tr>`,
  )}<tr><th scope="row">requests a second</th>${baseline === null ? null : markup`<td class="num quiet">${formatCount(baseline.requestsPerSecond)}</td>`}<td class="num">${formatCount(evidence.median.requestsPerSecond)}</td>${baseline === null ? null : markup`<td class="num quiet">${change(evidence.median.requestsPerSecond, baseline.requestsPerSecond)}</td>`}</tr></tbody></table>`;
}

function change(now: number, before: number): string {
  const share = (now - before) / before;
  if (!Number.isFinite(share)) return "";
  const size = formatChange(share);
  return /^0\.0\D/.test(size) ? size : `${share > 0 ? "+" : "−"}${size}`;
}

function ratio(comparison: NonNullable<BenchmarkEvidence["comparison"]>): Markup {
  const { tone } = stateOfVerdict(comparison.verdict);
  return markup`<p class="lead"><b class="num">${formatRatio(comparison.ratio)}</b> the latency of ${comparison.against} (95 % interval <span class="num">${formatRatio(comparison.low)} to ${formatRatio(comparison.high)}</span>): ${comparison.why}.</p>${intervalPlot(
    {
      low: comparison.low,
      middle: comparison.ratio,
      high: comparison.high,
      same: 1,
      limit: comparison.limit,
      tone,
      label: `Ratio ${formatRatio(comparison.ratio)}, interval ${formatRatio(comparison.low)} to ${formatRatio(comparison.high)}, limit ${formatRatio(comparison.limit)}`,
      write: formatRatio,
    },
  )}`;
}

function sayLoad(evidence: BenchmarkEvidence): string {
  const errors = evidence.errorCount === 0 ? "no errors" : formatPlural(evidence.errorCount, "error");
  return `${evidence.request}: ${formatPlural(evidence.requestCount, "request")} over ${formatPlural(evidence.connectionCount, "connection")}, ${errors}. Release ${evidence.releaseId}.`;
}

function benchmarkLines({ evidence }: Proof<"benchmark">): readonly Markdown[] {
  const { comparison } = evidence;
  const baseline = comparison?.baseline ?? null;
  return [
    mdLine`**${evidence.environment}**: ${sayLoad(evidence)}`,
    mdLine``,
    ...mdTable(
      "lrr",
      ["", "Baseline", "Now"],
      FIGURES.map(({ name, key }) => [
        name,
        baseline === null ? "not measured in this run" : formatLatency(baseline[key]),
        formatLatency(evidence.median[key]),
      ]),
    ),
    mdLine``,
    ...(comparison === null
      ? []
      : [
          mdLine`${comparison.verdict}: ${formatRatio(comparison.ratio)} the latency of ${comparison.against} (95 % interval ${formatRatio(comparison.low)} to ${formatRatio(comparison.high)}, limit ${formatRatio(comparison.limit)}): ${comparison.why}`,
          mdLine``,
        ]),
  ];
}
