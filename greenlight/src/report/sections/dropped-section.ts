import type { RunView } from "../../engine/run-view.ts";
import type { Section } from "../section.ts";
import { formatPlural } from "../text/format.ts";
import { mdLine } from "../text/markdown.ts";
import { markup } from "../text/markup.ts";

const MOST_SHOWN = 200;

/** Steps of the pipeline that this run left out from the start. */
export function droppedSection(view: RunView): Section | null {
  if (view.dropped.length === 0) return null;
  const shown = view.dropped.slice(0, MOST_SHOWN);
  return {
    id: "dropped",
    title: "Left out of this run",
    summary: formatPlural(view.dropped.length, "step"),
    isWide: false,
    page: markup`<ul class="plain">${shown.map((each) => markup`<li><b>${each.step}</b><span>${each.why}</span></li>`)}</ul>`,
    lines: shown.map((each) => mdLine`- **${each.step}**: ${each.why}`),
  };
}
