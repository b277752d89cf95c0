import { foreignText } from "./foreign-text.ts";

/** HTML that may stand in the page as it is. Made only by `markup` and, for our own constants, by `ownMarkup`. */
export class Markup {
  readonly source: string;

  constructor(source: string) {
    this.source = source;
  }
}

export type MarkupValue = Markup | string | number | null | readonly MarkupValue[];

/**
 * Template tag: what stands in the template is ours, every value is text from outside and is escaped for element
 * content and for double-quoted attributes alike. Null is nothing; lists are joined without a separator.
 */
export function markup(parts: TemplateStringsArray, ...values: readonly MarkupValue[]): Markup {
  let source = parts[0] ?? "";
  for (const [index, value] of values.entries()) source += render(value) + (parts[index + 1] ?? "");
  return new Markup(source);
}

/** Takes `source` as it is. Only for constants of this folder: styles, scripts, symbols. */
export function ownMarkup(source: string): Markup {
  return new Markup(source);
}

/** Text in which parts between grave accents are code, as remedies and messages have them. */
export function withCode(text: string): Markup {
  const parts = foreignText(text).split("`");
  // An odd count of accents has one without a partner: then none is taken as a mark.
  if (parts.length % 2 === 0) return markup`${text}`;
  return markup`${parts.map((part, index) => (index % 2 === 0 ? part : markup`<code>${part}</code>`))}`;
}

function render(value: MarkupValue): string {
  if (value === null) return "";
  if (value instanceof Markup) return value.source;
  if (typeof value === "string") return escape(foreignText(value));
  if (typeof value === "number") return String(value);
  return value.map(render).join("");
}

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
  "`": "&#96;",
};

function escape(text: string): string {
  return text.replace(/[&<>"'`]/g, (character) => ESCAPES[character] ?? "");
}
