import type { TestsEvidence } from "../../evidence/evidence.ts";
import type { Proof } from "../proof.ts";
import { type Markup, markup } from "../text/markup.ts";

const MOST_TESTS = 50;

type TestsProof = Proof<"tests">;

/**
 * For each suite that ran in several versions or shards: the tests that failed in any of them, one column a version, so that
 * it is seen at a glance whether a test fails everywhere or in one version only.
 */
export function versionTables(proofs: readonly TestsProof[]): readonly Markup[] {
  const groups = Map.groupBy(proofs, ({ step, evidence }) => `${baseName(step.name)}\0${evidence.tool}`);
  return [...groups.values()].flatMap((group) => tableOf(group) ?? []);
}

function tableOf(group: readonly TestsProof[]): Markup | null {
  if (group.length < 2) return null;
  const names = [...new Set(group.flatMap(({ evidence }) => evidence.failures.map((failure) => failure.name)))];
  if (names.length === 0) return null;
  return markup`<table class="figures"><caption>${baseName(group[0]?.step.name ?? "")}: what failed where</caption>
<thead><tr><th scope="col">Test</th>${group.map(({ step }) => markup`<th scope="col">${label(step.name)}</th>`)}</tr></thead>
<tbody>${names
    .slice(0, MOST_TESTS)
    .map(
      (name) => markup`<tr><th scope="row">${name}</th>${group.map(({ evidence }) => cell(evidence, name))}</tr>`,
    )}</tbody></table>`;
}

function cell(evidence: TestsEvidence, name: string): Markup {
  if (evidence.failures.some((failure) => failure.name === name)) return markup`<td class="bad">failed</td>`;
  // A list that was cut, and a suite that got nowhere, do not tell.
  const isKnown = evidence.failures.length >= evidence.failedCount && evidence.passedCount > 0;
  return isKnown ? markup`<td>did not fail</td>` : markup`<td class="quiet">not known</td>`;
}

/** "unit tests (node=22)" → "unit tests". */
function baseName(step: string): string {
  return step.replace(/ \([^()]*\)$/u, "");
}

function label(step: string): string {
  return /\(([^()]*)\)$/u.exec(step)?.[1] ?? step;
}
