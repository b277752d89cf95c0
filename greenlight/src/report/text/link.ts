import { type Markdown, mdLine, ownMarkdown } from "./markdown.ts";
import { type Markup, markup } from "./markup.ts";

/** A link when `address` is one, else the text alone. */
export function link(address: string, text = address): Markup {
  const href = webAddress(address);
  return href === null ? markup`${text}` : markup`<a href="${href}" rel="noreferrer">${text}</a>`;
}

/** The same in Markdown. */
export function mdLink(address: string, text = address): Markdown {
  const href = webAddress(address);
  if (href === null) return mdLine`${text}`;
  const safe = href.replace(/[\\`|<>\s]/g, (character) => encodeURIComponent(character));
  return mdLine`[${text}](${ownMarkdown(`<${safe}>`)})`;
}

/** The address as the browser would call it; null for anything but plain HTTP, so that no `javascript:` gets in. */
function webAddress(text: string): string | null {
  if (text.length > 2_000 || !URL.canParse(text)) return null;
  const url = new URL(text);
  const isPlain = (url.protocol === "http:" || url.protocol === "https:") && url.username === "" && url.password === "";
  return isPlain ? url.href : null;
}
