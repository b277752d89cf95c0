import type { RunView } from "../engine/run-view.ts";
import { type Markdown, mdLine } from "./text/markdown.ts";
import { type Markup, markup } from "./text/markup.ts";
import { timeMarkup } from "./text/time.ts";

/** What the run was made with, for whoever has to repeat it. */
export function foot(view: RunView, generatedAt: string): Markup {
  return markup`<footer><p><b>Greenlight</b> ${view.greenlightVersion} · Node ${view.nodeVersion} · ${view.platform}</p>
<p>Run <code>${view.id}</code> · written ${timeMarkup(generatedAt)}</p></footer>`;
}

export function footLines(view: RunView): readonly Markdown[] {
  return [mdLine`Greenlight ${view.greenlightVersion}, Node ${view.nodeVersion}, ${view.platform}, run ${view.id}`];
}
