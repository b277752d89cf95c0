import type { DeploymentEvidence } from "../../evidence/evidence.ts";
import { stateMark, stateOfFinding } from "../state.ts";
import { type Markdown, mdLine } from "../text/markdown.ts";
import { type Markup, markup } from "../text/markup.ts";
import { timeMarkup } from "../text/time.ts";
import { figureLines, figuresMarkup, readFigures } from "./gate-figures.ts";

const MOST_GATES = 20;

/** What the gates around the switch said, and by what they were judged. */
export function gatesMarkup({ gates = [], environment }: DeploymentEvidence): Markup | null {
  if (gates.length === 0) return null;
  return markup`<h4>Gates</h4><ul class="checks">${gates
    .slice(0, MOST_GATES)
    .map(
      ({ gate, verdict, why, at, figures }) =>
        markup`<li>${stateMark(stateOfFinding(verdict))}<div><b>${gate}</b><span>${why}</span>${figuresMarkup(`${environment}, ${gate}`, readFigures(figures))}</div><small class="num">${timeMarkup(at)}</small></li>`,
    )}</ul>`;
}

export function gateLines({ gates = [] }: DeploymentEvidence): readonly Markdown[] {
  return gates
    .slice(0, MOST_GATES)
    .flatMap(({ gate, verdict, why, figures }) => [
      mdLine`  - ${stateOfFinding(verdict).sign} ${gate}: ${verdict}: ${why}`,
      ...figureLines(readFigures(figures)),
    ]);
}
