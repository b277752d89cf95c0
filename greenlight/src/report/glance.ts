import type { RunView } from "../engine/run-view.ts";
import { type Segment, strip } from "./charts/strip.ts";
import { liveRelease } from "./live-release.ts";
import { allSteps } from "./outcome-so-far.ts";
import { proofsOf } from "./proof.ts";
import { coverageInWords } from "./sections/coverage-section.ts";
import { findingsInWords } from "./sections/findings-section.ts";
import { compareRmse } from "./sections/model-section.ts";
import { testsInWords } from "./sections/tests-section.ts";
import { stateMark, stateOfVerdict } from "./state.ts";
import { formatDuration, formatLatency, formatMetric, formatPlural, formatRatio } from "./text/format.ts";
import { link } from "./text/link.ts";
import { type Markup, type MarkupValue, markup } from "./text/markup.ts";
import { deploymentsByEnvironment } from "./verdict-sentence.ts";
import { countWork } from "./work.ts";

const UNMEASURED = markup`<p class="quiet">not measured in this run</p>`;

/**
 * Five cards for the five seconds: what is live, is the model good, what ran, is the code sound, is it fast. A card
 * links to its section when there is one.
 */
export function glance(view: RunView, sectionIds: ReadonlySet<string>): Markup {
  const card = (title: string, anchor: string, content: Markup | null): Markup =>
    cardMarkup(title, sectionIds.has(anchor) ? anchor : null, content);
  return markup`<section class="glance" aria-label="At a glance">${[
    card("Live", "deployments", liveCard(view)),
    card("Model", "model", modelCard(view)),
    card("Work", "steps", workCard(view)),
    card("Checks", "steps", checksCard(view)),
    card("Latency", "latency", latencyCard(view)),
  ]}</section>`;
}

function cardMarkup(title: string, anchor: string | null, content: Markup | null): Markup {
  const heading = anchor === null ? markup`${title}` : markup`<a href="#${anchor}">${title}</a>`;
  return markup`<article class="card"><h2>${heading}</h2>${content ?? UNMEASURED}</article>`;
}

function figure(value: string, unit: string): Markup {
  return markup`<p class="figure"><b>${value}</b> ${unit}</p>`;
}

function lines(...each: readonly MarkupValue[]): Markup {
  return markup`<ul>${each.map((line) => (line === null ? null : markup`<li>${line}</li>`))}</ul>`;
}

function liveCard(view: RunView): Markup | null {
  const deployments = deploymentsByEnvironment(view);
  if (deployments.length === 0) return markup`<p class="quiet">nothing was deployed in this run</p>`;
  return markup`<ul class="lives">${deployments.map((evidence) => {
    const live = liveRelease(evidence);
    return markup`<li><p>${stateMark(live.state, evidence.environment)}<span class="quiet">${live.story}</span></p><b>${live.releaseId ?? "not known"}</b>${link(evidence.url)}</li>`;
  })}</ul>`;
}

function modelCard(view: RunView): Markup | null {
  const model = proofsOf(view, "model").at(-1)?.evidence;
  if (model === undefined) return null;
  const gate = proofsOf(view, "gate").at(-1)?.evidence;
  return markup`${figure(formatMetric(model.metrics.rmse), "RMSE")}${lines(
    ...model.baselines
      .toSorted((left, right) => left.rmse - right.rmse)
      .slice(0, 3)
      .map((baseline) => compareRmse(model.metrics.rmse, baseline)),
    gate === undefined ? "no gate in this run" : markup`gate ${stateMark(stateOfVerdict(gate.verdict))}`,
  )}`;
}

function workCard(view: RunView): Markup | null {
  const steps = allSteps(view);
  if (steps.length === 0) return null;
  const work = countWork(steps);
  const shares = [
    { count: work.ranCount, tone: "data" },
    { count: work.cachedCount + work.alreadyCount, tone: "good", isHollow: true },
    { count: work.skippedCount + work.cancelledCount + work.openCount, tone: "soft" },
  ] as const;
  const segments: Segment[] = [];
  let from = 0;
  for (const { count, ...look } of shares) {
    const to = from + count / steps.length;
    if (count > 0) segments.push({ from, to, ...look });
    from = to;
  }
  return markup`${figure(String(work.ranCount), `of ${formatPlural(steps.length, "step")} ran`)}${strip({ segments, hasRail: false })}${lines(
    work.cachedCount > 0
      ? `${work.cachedCount} from cache, saved ${formatDuration(work.savedMs)}`
      : "nothing from cache",
    work.alreadyCount > 0 ? `${work.alreadyCount} already so` : null,
    work.skippedCount > 0 ? `${work.skippedCount} skipped` : null,
    work.cancelledCount > 0 ? `${work.cancelledCount} cancelled` : null,
    work.openCount > 0 ? `${work.openCount} still open` : null,
  )}`;
}

function checksCard(view: RunView): Markup {
  return markup`<dl>${checkRow("Findings", findingsInWords(view))}${checkRow("Tests", testsInWords(view))}${checkRow("Coverage", coverageInWords(view))}</dl>`;
}

function checkRow(name: string, text: string | null): Markup {
  return markup`<div><dt>${name}</dt><dd class="${text === null ? "quiet" : ""}">${text ?? "not measured in this run"}</dd></div>`;
}

function latencyCard(view: RunView): Markup | null {
  const benchmark = proofsOf(view, "benchmark").at(-1)?.evidence;
  if (benchmark === undefined) return null;
  const { comparison } = benchmark;
  return markup`${figure(formatLatency(benchmark.median.p95Ms), "p95")}${lines(
    comparison === null
      ? `${benchmark.environment}, nothing to compare with`
      : markup`${benchmark.environment}: ${formatRatio(comparison.ratio)} of ${comparison.against} ${stateMark(stateOfVerdict(comparison.verdict))}`,
    benchmark.errorCount === 0
      ? `no errors in ${formatPlural(benchmark.requestCount, "request")}`
      : markup`<b class="bad">${formatPlural(benchmark.errorCount, "error")}</b> in ${formatPlural(benchmark.requestCount, "request")}`,
  )}`;
}
