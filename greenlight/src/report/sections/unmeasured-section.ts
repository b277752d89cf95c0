import type { Section } from "../section.ts";
import { mdLine } from "../text/markdown.ts";
import { markup } from "../text/markup.ts";

/** Names what the report has nothing on, so that silence is never read as a pass. */
export function unmeasuredSection(topics: readonly string[]): Section | null {
  if (topics.length === 0) return null;
  return {
    id: "unmeasured",
    title: "Not measured in this run",
    summary: "no evidence, so no statement",
    isWide: false,
    page: markup`<ul class="topics">${topics.map((topic) => markup`<li>${topic}</li>`)}</ul>`,
    lines: [mdLine`${topics.join(", ")}`],
  };
}
