import { foreignText } from "./foreign-text.ts";

/** Markdown that may stand in the report as it is; made by `mdLine` and the functions below. */
export class Markdown {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }
}

export type MarkdownValue = Markdown | string | number | null | readonly MarkdownValue[];

const LONGEST_LINE = 600;

/** Takes `source` as it is. Only for what this folder has made safe itself. */
export function ownMarkdown(source: string): Markdown {
  return new Markdown(source);
}

/** Template tag: one line of Markdown. Values are text from outside: escaped, and never longer than one line. */
export function mdLine(parts: TemplateStringsArray, ...values: readonly MarkdownValue[]): Markdown {
  let source = parts[0] ?? "";
  for (const [index, value] of values.entries()) source += render(value) + (parts[index + 1] ?? "");
  return new Markdown(source);
}

/** A GitHub table. `alignment` holds one of `l` and `r` a column. */
export function mdTable(
  alignment: string,
  head: readonly string[],
  rows: readonly (readonly MarkdownValue[])[],
): readonly Markdown[] {
  const rule = [...alignment].map((side) => (side === "r" ? "---:" : "---")).join(" | ");
  return [
    mdLine`| ${new Markdown(head.join(" | "))} |`,
    new Markdown(`| ${rule} |`),
    ...rows.map((row) => new Markdown(`| ${row.map(render).join(" | ")} |`)),
  ];
}

function render(value: MarkdownValue): string {
  if (value === null) return "";
  if (value instanceof Markdown) return value.source;
  if (typeof value === "string") return escape(foreignText(value, LONGEST_LINE));
  if (typeof value === "number") return String(value);
  return value.map(render).join("");
}

/**
 * Every character that opens something in GitHub's Markdown gets a backslash, and so does what would open a
 * heading, a list or a rule at the start of a line; `://` and `www.` are broken up so that
 * nothing becomes a link by itself, and a word joiner (U+2060) behind `@` keeps a name from being notified.
 */
function escape(text: string): string {
  return text
    .replace(/\s+/g, " ")
    .replace(/[\\`*_[\]<>|~&$]/g, "\\$&")
    .replace(/^( ?)([#+=-])/, "$1\\$2")
    .replace(/^( ?\d+)([.)])(?= |$)/, "$1\\$2")
    .replaceAll("://", ":\\/\\/")
    .replace(/www\./gi, (found) => `${found.slice(0, 3)}\\.`)
    .replaceAll("@", "@\u2060");
}
