import type { RunView } from "../../engine/run-view.ts";
import { type Proof, proofsOf } from "../proof.ts";
import type { Section } from "../section.ts";
import { stateOfCheck, stateSign } from "../state.ts";
import { formatDuration } from "../text/format.ts";
import { mdLine } from "../text/markdown.ts";
import { markup } from "../text/markup.ts";

const MOST_CHECKS = 60;

/** The first requests to each fresh deployment, and what came back. */
export function smokeSection(view: RunView): Section | null {
  const proofs = proofsOf(view, "smoke");
  if (proofs.length === 0) return null;
  return {
    id: "smoke",
    title: "Smoke checks",
    summary: proofs.map((proof) => `${proof.evidence.environment}: ${sayPassed(proof)}`).join("; "),
    isWide: true,
    page: markup`<div class="pair">${proofs.map(
      ({ evidence }) =>
        markup`<div><h3>${evidence.environment}<small>${evidence.releaseId}</small></h3><ul class="checks">${evidence.checks
          .slice(0, MOST_CHECKS)
          .map(
            (check) =>
              markup`<li>${stateSign(stateOfCheck(check.isPassed))}<div><b>${check.name}</b><span>${check.detail}</span></div><span class="num quiet">${formatDuration(check.durationMs)}</span></li>`,
          )}</ul></div>`,
    )}</div>`,
    lines: proofs.flatMap((proof) => [
      mdLine`- **${proof.evidence.environment}**: ${sayPassed(proof)}`,
      ...proof.evidence.checks
        .filter((check) => !check.isPassed)
        .slice(0, MOST_CHECKS)
        .map((check) => mdLine`  - ✗ ${check.name}: ${check.detail}`),
    ]),
  };
}

function sayPassed({ evidence }: Proof<"smoke">): string {
  if (evidence.checks.length === 0) return "no checks were made";
  const passed = evidence.checks.filter((check) => check.isPassed).length;
  return passed === evidence.checks.length ? `all ${passed} passed` : `${passed} of ${evidence.checks.length} passed`;
}
