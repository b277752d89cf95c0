import { isSuccess } from "../engine/outcome.ts";
import type { RunView } from "../engine/run-view.ts";
import { foot } from "./foot.ts";
import { glance } from "./glance.ts";
import { outcomeSoFar } from "./outcome-so-far.ts";
import { pageFrame, sectionMarkup } from "./page-frame.ts";
import { sectionsOf } from "./sections.ts";
import { stateOfRun } from "./state.ts";
import { markup } from "./text/markup.ts";
import { verdictHead } from "./verdict-head.ts";

/**
 * The report of a run as one HTML file that needs nothing else: no network, and no script but one that chooses among findings. `generatedAt` is an ISO time,
 * UTC. Pure: the same view gives the same bytes.
 */
export function renderHtmlReport(view: RunView, options: { readonly generatedAt: string }): string {
  const outcome = outcomeSoFar(view);
  const { word } = stateOfRun(outcome);
  const sections = sectionsOf(view);
  const problems = sections.filter((section) => section.id === "problems");
  const others = sections.filter((section) => section.id !== "problems");
  const isGood = outcome !== "running" && isSuccess(outcome);
  return pageFrame({
    title: `${view.project} ${view.pipeline}: ${word}`,
    outcome,
    head: verdictHead(view),
    sections,
    main: markup`${isGood ? null : problems.map(sectionMarkup)}
${glance(view, new Set(sections.map((section) => section.id)))}
${isGood ? problems.map(sectionMarkup) : null}
${others.map(sectionMarkup)}`,
    foot: foot(view, options.generatedAt),
  });
}
