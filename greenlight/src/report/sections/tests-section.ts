import type { RunView } from "../../engine/run-view.ts";
import { strip } from "../charts/strip.ts";
import { type Proof, proofsOf } from "../proof.ts";
import type { Section } from "../section.ts";
import { shape } from "../state.ts";
import { formatCount, formatDuration, formatPlural } from "../text/format.ts";
import { type Markdown, mdLine } from "../text/markdown.ts";
import { type Markup, markup } from "../text/markup.ts";
import { flakyCount, flakyLines, flakyList } from "./flaky-list.ts";
import { versionTables } from "./version-tables.ts";

type TestsProof = Proof<"tests">;

const MOST_FAILURES = 50;
const MOST_FAILURE_LINES = 20;
const MOST_SLOW = 5;

/** How many tests passed, which failed and with what, and which take longest. */
export function testsSection(view: RunView): Section | null {
  const proofs = proofsOf(view, "tests");
  if (proofs.length === 0) return null;
  return {
    id: "tests",
    title: "Tests",
    summary: testsInWords(view) ?? "",
    isWide: proofs.some(({ evidence }) => evidence.failedCount > 0),
    page: markup`<table class="figures"><caption class="hidden">Tests by step</caption>
<thead><tr><th scope="col">Step</th><th scope="col" class="num">Passed</th><th scope="col" class="num">Failed</th><th scope="col" class="num">Skipped</th><th scope="col" class="num">Took</th></tr></thead>
<tbody>${proofs.map(
      ({ step, evidence }) =>
        markup`<tr><th scope="row">${step.name} <small>${evidence.tool}</small></th><td class="num">${formatCount(evidence.passedCount)}</td><td class="num ${evidence.failedCount > 0 ? "bad" : ""}">${formatCount(evidence.failedCount)}</td><td class="num">${formatCount(evidence.skippedCount)}</td><td class="num">${formatDuration(evidence.durationMs)}</td></tr>`,
    )}</tbody></table>${versionTables(proofs)}${proofs.map(failureList)}${flakyList(proofs)}${slowList(proofs)}`,
    lines: proofs.flatMap(testLines),
  };
}

/** "412 passed, 1 failed, 3 skipped"; null when nothing was tested. */
export function testsInWords(view: RunView): string | null {
  const proofs = proofsOf(view, "tests");
  if (proofs.length === 0) return null;
  const sum = (key: "passedCount" | "failedCount" | "skippedCount"): number =>
    proofs.reduce((total, { evidence }) => total + evidence[key], 0);
  if (sum("passedCount") + sum("failedCount") + sum("skippedCount") === 0) return "no tests were found";
  const parts = [`${formatCount(sum("passedCount"))} passed`];
  if (sum("failedCount") > 0) parts.unshift(`${formatCount(sum("failedCount"))} failed`);
  const flaky = proofs.reduce((total, { evidence }) => total + flakyCount(evidence), 0);
  if (flaky > 0) parts.push(`${formatCount(flaky)} flaky`);
  if (sum("skippedCount") > 0) parts.push(`${formatCount(sum("skippedCount"))} skipped`);
  return parts.join(", ");
}

function failureList({ evidence }: TestsProof): Markup | null {
  if (evidence.failures.length === 0) return null;
  const shown = evidence.failures.slice(0, MOST_FAILURES);
  const hidden = Math.max(evidence.failedCount, evidence.failures.length) - shown.length;
  return markup`<ul class="failures">${shown.map(
    (failure) =>
      markup`<li><p><span class="bad">${shape("failed")}</span><b>${failure.name}</b>${failure.file === null ? null : markup` <small>${failure.file}</small>`}</p><pre>${failure.message}</pre></li>`,
  )}</ul>${hidden > 0 ? markup`<p class="note">${formatPlural(hidden, "more failure")} not shown here.</p>` : null}${logList(evidence)}`;
}

/** What the service wrote while its tests failed. */
function logList({ logs }: TestsProof["evidence"]): Markup | null {
  if (logs === undefined || logs.length === 0) return null;
  return markup`${logs.map((log) => markup`<details><summary>The end of ${log.path}</summary><pre>${log.tail}</pre></details>`)}`;
}

function slowList(proofs: readonly TestsProof[]): Markup | null {
  const slowest = proofs
    .flatMap(({ evidence }) => evidence.slowest)
    .toSorted((left, right) => right.durationMs - left.durationMs)
    .slice(0, MOST_SLOW);
  const longest = slowest[0]?.durationMs ?? 0;
  if (longest <= 0) return null;
  return markup`<h3>Slowest</h3><table class="figures bars"><caption class="hidden">Slowest tests</caption><thead class="hidden"><tr><th scope="col">Test</th><th scope="col">Bar</th><th scope="col">Time</th></tr></thead><tbody>${slowest.map(
    (test) =>
      markup`<tr><th scope="row">${test.name}</th><td class="chart">${strip({ segments: [{ from: 0, to: test.durationMs / longest, tone: "data" }], hasRail: false })}</td><td class="num">${formatDuration(test.durationMs)}</td></tr>`,
  )}</tbody></table>`;
}

function testLines({ step, evidence }: TestsProof): readonly Markdown[] {
  const hidden = evidence.failures.length - MOST_FAILURE_LINES;
  return [
    mdLine`- **${step.name}** (${evidence.tool}): ${formatCount(evidence.passedCount)} passed, ${formatCount(evidence.failedCount)} failed, ${formatCount(evidence.skippedCount)} skipped in ${formatDuration(evidence.durationMs)}`,
    ...evidence.failures
      .slice(0, MOST_FAILURE_LINES)
      .map(
        (failure) =>
          mdLine`  - ✗ ${failure.name}${failure.file === null ? "" : ` (${failure.file})`}: ${failure.message}`,
      ),
    ...(hidden > 0 ? [mdLine`  - ${formatPlural(hidden, "more failure")}`] : []),
    ...flakyLines(evidence),
  ];
}
