import type { RunView } from "../engine/run-view.ts";
import { footLines } from "./foot.ts";
import { sectionsOf } from "./sections.ts";
import { mdLine } from "./text/markdown.ts";
import { verdictLines } from "./verdict-head.ts";

/** The report of a run in GitHub's Markdown: the same content in short. Pure. */
export function renderMarkdownReport(view: RunView): string {
  const shown = sectionsOf(view).filter((section) => section.lines.length > 0);
  const sections = shown.flatMap((section) => [
    mdLine``,
    mdLine`## ${section.title}`,
    mdLine``,
    mdLine`${section.summary}`,
    mdLine``,
    ...section.lines,
  ]);
  const lines = [...verdictLines(view), ...sections, mdLine``, mdLine`---`, ...footLines(view)];
  return `${lines.map((line) => line.source).join("\n")}\n`.replace(/\n{3,}/g, "\n\n");
}
