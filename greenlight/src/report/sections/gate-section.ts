import type { RunView } from "../../engine/run-view.ts";
import { proofsOf } from "../proof.ts";
import type { Section } from "../section.ts";
import { stateMark, stateOfVerdict, stateSign } from "../state.ts";
import { mdLine } from "../text/markdown.ts";
import { markup } from "../text/markup.ts";

const MOST_CHECKS = 60;

/** What each gate decided, and each of its checks with the reason. */
export function gateSection(view: RunView): Section | null {
  const proofs = proofsOf(view, "gate");
  if (proofs.length === 0) return null;
  return {
    id: "gate",
    title: "Gate",
    summary: proofs.map(({ evidence }) => evidence.verdict).join("; "),
    isWide: false,
    page: markup`${proofs.map(
      ({ evidence }) =>
        markup`<h3>${evidence.subject} ${stateMark(stateOfVerdict(evidence.verdict))}</h3><ul class="checks">${evidence.checks
          .slice(0, MOST_CHECKS)
          .map(
            (check) =>
              markup`<li>${stateSign(stateOfVerdict(check.verdict))}<div><b>${check.name}</b><span>${check.why}</span></div></li>`,
          )}</ul>`,
    )}`,
    lines: proofs.flatMap(({ evidence }) => [
      mdLine`- **${evidence.subject}**: ${evidence.verdict}`,
      ...evidence.checks
        .slice(0, MOST_CHECKS)
        .map(
          (check) => mdLine`  - ${stateOfVerdict(check.verdict).sign} ${check.name}: ${check.verdict}: ${check.why}`,
        ),
    ]),
  };
}
