import { formatTimestamp } from "./format.ts";
import { type Markup, markup } from "./markup.ts";
import { momentOf } from "./moment.ts";

/** A moment as UTC; the page's script adds the reader's local time as its title. */
export function timeMarkup(iso: string): Markup {
  const time = momentOf(iso);
  if (time === undefined) return markup`${iso}`;
  return markup`<time datetime="${new Date(time).toISOString()}">${formatTimestamp(iso)}</time>`;
}
