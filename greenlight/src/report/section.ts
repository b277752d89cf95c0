import type { Markdown } from "./text/markdown.ts";
import type { Markup } from "./text/markup.ts";

/** One topic of the report, for both of its forms. */
export interface Section {
  /** The anchor in the page. */
  readonly id: string;
  readonly title: string;
  /** The answer in one clause, beside the title. */
  readonly summary: string;
  /** False: two of them may stand side by side. */
  readonly isWide: boolean;
  readonly page: Markup;
  /** Lines; blocks are set apart by the empty ones among them. */
  readonly lines: readonly Markdown[];
}

export type Tone = "good" | "warn" | "bad" | "wait" | "idle" | "data" | "soft";
