import { createHash } from "node:crypto";

import { isSuccess } from "../engine/outcome.ts";
import type { RunView } from "../engine/run-view.ts";
import { signalIcon } from "./charts/signal.ts";
import { foot } from "./foot.ts";
import { glance } from "./glance.ts";
import { outcomeSoFar } from "./outcome-so-far.ts";
import { SCRIPT } from "./script.ts";
import type { Section } from "./section.ts";
import { sectionsOf } from "./sections.ts";
import { stateOfRun } from "./state.ts";
import { STYLE } from "./style/style.ts";
import { symbols } from "./style/symbols.ts";
import { type Markup, markup, ownMarkup } from "./text/markup.ts";
import { verdictHead } from "./verdict-head.ts";

/**
 * The report of a run as one HTML file that needs nothing else: no network, no script. `generatedAt` is an ISO time,
 * UTC. Pure: the same view gives the same bytes.
 */
export function renderHtmlReport(view: RunView, options: { readonly generatedAt: string }): string {
  const outcome = outcomeSoFar(view);
  const { word } = stateOfRun(outcome);
  const sections = sectionsOf(view);
  const problems = sections.filter((section) => section.id === "problems");
  const others = sections.filter((section) => section.id !== "problems");
  const isGood = outcome !== "running" && isSuccess(outcome);
  return `<!doctype html>
${
  markup`<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${view.project} ${view.pipeline}: ${word}</title>
<link rel="icon" href="${ownMarkup(signalIcon(outcome))}">
<style>${ownMarkup(STYLE)}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the report</a>
${symbols()}
<div class="page">
${verdictHead(view)}
<nav aria-label="Sections">${sections.map((section) => markup`<a href="#${section.id}">${section.title}</a>`)}</nav>
<main id="main">
${isGood ? null : problems.map(sectionMarkup)}
${glance(view, new Set(sections.map((section) => section.id)))}
${isGood ? problems.map(sectionMarkup) : null}
${others.map(sectionMarkup)}
</main>
${foot(view, options.generatedAt)}
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

function sectionMarkup(section: Section): Markup {
  return markup`<section id="${section.id}" class="card ${section.isWide ? "wide" : "half"}" aria-labelledby="${section.id}-title"><h2 id="${section.id}-title">${section.title}<small>${section.summary}</small></h2>
${section.page}</section>
`;
}
