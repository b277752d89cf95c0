import type { TestsEvidence } from "../../evidence/evidence.ts";
import { howFlaky } from "../../evidence/judge-tests.ts";
import type { Proof } from "../proof.ts";
import { shape } from "../state.ts";
import { formatPlural } from "../text/format.ts";
import { type Markdown, mdLine } from "../text/markdown.ts";
import { type Markup, markup } from "../text/markup.ts";

const MOST_SHOWN = 50;
const MOST_LINES = 20;

export function flakyCount({ flaky, flakyCount: count }: TestsEvidence): number {
  return count ?? flaky?.length ?? 0;
}

/** The tests that failed and passed with the same input, each with what it failed with; null when there are none. */
export function flakyList(proofs: readonly Proof<"tests">[]): Markup | null {
  const all = proofs.flatMap(({ step, evidence }) =>
    (evidence.flaky ?? []).map((test) => ({ ...test, step: step.name })),
  );
  if (all.length === 0) return null;
  const shown = all.slice(0, MOST_SHOWN);
  const hidden = proofs.reduce((sum, { evidence }) => sum + flakyCount(evidence), 0) - shown.length;
  return markup`<h3>Flaky</h3><ul class="failures">${shown.map(
    (test) =>
      markup`<li><p><span class="warn">${shape("warned")}</span><b>${test.name}</b> <small>${test.step}${test.file === null ? null : markup`, ${test.file}`}: ${howFlaky(test)}</small></p><pre>${test.message}</pre></li>`,
  )}</ul>${hidden > 0 ? markup`<p class="note">${formatPlural(hidden, "more flaky test")} not shown here.</p>` : null}`;
}

export function flakyLines(evidence: TestsEvidence): readonly Markdown[] {
  const shown = (evidence.flaky ?? []).slice(0, MOST_LINES);
  const hidden = flakyCount(evidence) - shown.length;
  return [
    ...shown.map((test) => mdLine`  - ⚠ flaky: ${test.name} ${howFlaky(test)}: ${test.message}`),
    ...(hidden > 0 ? [mdLine`  - ${formatPlural(hidden, "more flaky test")}`] : []),
  ];
}
