import { createHash } from "node:crypto";

import { signalIcon } from "./charts/signal.ts";
import { SCRIPT } from "./script.ts";
import type { Section } from "./section.ts";
import type { RunState } from "./state.ts";
import { STYLE } from "./style/style.ts";
import { symbols } from "./style/symbols.ts";
import { type Markup, markup, ownMarkup } from "./text/markup.ts";

/** A page that needs nothing else: no network, and no script but ours. */
export function pageFrame(page: {
  readonly title: string;
  /** For the icon of the browser's tab. */
  readonly outcome: RunState;
  readonly head: Markup;
  readonly sections: readonly Section[];
  readonly main: Markup;
  readonly foot: Markup;
}): string {
  return `<!doctype html>
${
  markup`<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${page.title}</title>
<link rel="icon" href="${ownMarkup(signalIcon(page.outcome))}">
<style>${ownMarkup(STYLE)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the report</a>
${symbols()}
<div class="page">
${page.head}
${page.sections.length < 2 ? null : markup`<nav aria-label="Sections">${page.sections.map((section) => markup`<a href="#${section.id}">${section.title}</a>`)}</nav>`}
<main id="main">
${page.main}
</main>
${page.foot}
</div>
<script>${ownMarkup(SCRIPT)}</script>
</body>
</html>
`.source
}`;
}

/** Nothing is loaded from anywhere, and no script runs but ours: a second wall behind the escaping. */
const POLICY = [
  "default-src 'none'",
  "img-src data:",
  "style-src 'unsafe-inline'",
  `script-src 'sha256-${createHash("sha256").update(SCRIPT).digest("base64")}'`,
  "base-uri 'none'",
  "form-action 'none'",
].join("; ");

export function sectionMarkup(section: Section): Markup {
  return markup`<section id="${section.id}" class="card ${section.isWide ? "wide" : "half"}" aria-labelledby="${section.id}-title"><h2 id="${section.id}-title">${section.title}<small>${section.summary}</small></h2>
${section.page}</section>
`;
}
