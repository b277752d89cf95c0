import type { RunView } from "../engine/run-view.ts";
import { signal } from "./charts/signal.ts";
import { durationSoFarMs, outcomeSoFar } from "./outcome-so-far.ts";
import { proofsOf } from "./proof.ts";
import { stateOfRun } from "./state.ts";
import { formatDuration } from "./text/format.ts";
import { type Markdown, mdLine } from "./text/markdown.ts";
import { type Markup, type MarkupValue, markup } from "./text/markup.ts";
import { timeMarkup } from "./text/time.ts";
import { verdictSentence } from "./verdict-sentence.ts";

/** The first thing that is seen: how it ended, of what, and who began it. */
export function verdictHead(view: RunView): Markup {
  const outcome = outcomeSoFar(view);
  const state = stateOfRun(outcome);
  return markup`<header class="head ${state.tone}"><div class="verdict">${signal(outcome)}<div>
<p class="eyebrow">${view.project} <span aria-hidden="true">/</span> ${view.pipeline}</p>
<h1>${capital(state.word)}</h1>
<p class="sentence">${verdictSentence(view)}.</p></div></div>
<dl class="meta">${facts(view).map(([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl></header>`;
}

export function verdictLines(view: RunView): readonly Markdown[] {
  const state = stateOfRun(outcomeSoFar(view));
  const { trigger } = view;
  return [
    mdLine`# ${state.sign} ${view.project} / ${view.pipeline}: ${state.word}`,
    mdLine``,
    mdLine`${verdictSentence(view)}.`,
    mdLine``,
    mdLine`- Branch: ${trigger.branch ?? "none"}, commit: ${trigger.commit ?? "none"}${trigger.isDirty ? " with uncommitted changes" : ""}`,
    mdLine`- Started by: ${trigger.who} (${trigger.kind}) at ${view.startedAt}`,
    mdLine`- Duration: ${formatDuration(durationSoFarMs(view))}${view.endedAt === null ? " so far" : ""}`,
    mdLine`- Release: ${releaseIds(view)}`,
  ];
}

function facts(view: RunView): readonly (readonly [string, MarkupValue])[] {
  const { trigger } = view;
  return [
    ["Branch", trigger.branch ?? "not in a git checkout"],
    [
      "Commit",
      trigger.commit === null
        ? "not in a git checkout"
        : markup`<code title="${trigger.commit}">${trigger.commit.slice(0, 10)}</code>${trigger.isDirty ? markup` <small class="tag warn">+ uncommitted changes</small>` : null}`,
    ],
    ["Started by", `${trigger.who} (${trigger.kind})`],
    ["Started", timeMarkup(view.startedAt)],
    ["Duration", `${formatDuration(durationSoFarMs(view))}${view.endedAt === null ? " so far" : ""}`],
    ["Release", releaseIds(view)],
  ];
}

/** The release that was bundled, or else those that were deployed. */
function releaseIds(view: RunView): string {
  const bundled = proofsOf(view, "release").map(({ evidence }) => evidence.releaseId);
  const deployed = proofsOf(view, "deployment").map(({ evidence }) => evidence.releaseId);
  const ids = [...new Set(bundled.length > 0 ? bundled : deployed)];
  return ids.length > 0 ? ids.slice(0, 5).join(", ") : "none in this run";
}

function capital(word: string): string {
  return word.charAt(0).toUpperCase() + word.slice(1);
}
