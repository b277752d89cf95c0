import type { DeploymentEvidence } from "../../evidence/evidence.ts";
import { type Segment, strip } from "../charts/strip.ts";
import { type TimeScale, timeScale } from "../charts/time-scale.ts";
import { liveRelease } from "../live-release.ts";
import type { Tone } from "../section.ts";
import { stateMark } from "../state.ts";
import { formatDuration, shortDigest } from "../text/format.ts";
import { link, mdLink } from "../text/link.ts";
import { type Markdown, mdLine, mdTable } from "../text/markdown.ts";
import { type Markup, type MarkupValue, markup } from "../text/markup.ts";
import { momentOf } from "../text/moment.ts";
import { timeMarkup } from "../text/time.ts";
import { gateLines, gatesMarkup } from "./deployment-gates.ts";

/** One deployment: what, who, why, each state with its time, what the gates said, and the way back. */
export function deploymentArticle(evidence: DeploymentEvidence): Markup {
  const states = statesOf(evidence);
  return markup`<article class="deployment"><h3>${evidence.environment} ${stateMark(liveRelease(evidence).state)}</h3>
<p class="address">${link(evidence.url)}</p>
<dl class="pairs stacked">${factsOf(evidence).map(([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`)}<div><dt>Deployment</dt><dd class="digest">${evidence.deploymentId}</dd></div></dl>
${states.length === 0 ? markup`<p class="note">No states are recorded.</p>` : stateList(evidence, states)}
${gatesMarkup(evidence)}</article>`;
}

function factsOf(evidence: DeploymentEvidence): readonly (readonly [string, MarkupValue])[] {
  const { digest, commit = null, approval, previousReleaseId, releaseId, why } = evidence;
  const back = wayBack(evidence);
  return [
    ["Release", markup`${previousReleaseId ?? "none before"} → <b>${releaseId}</b>`],
    ...(digest === undefined
      ? []
      : ([["Digest", markup`<code title="${digest}">${shortDigest(digest)}</code>`]] as const)),
    ...(commit === null ? [] : ([["Commit", markup`<code title="${commit}">${commit.slice(0, 10)}</code>`]] as const)),
    ["Slot", evidence.slot],
    ["By", markup`${evidence.who}${why === "" ? null : markup`: ${why}`}`],
    [
      "Approval",
      approval === null
        ? "none recorded"
        : markup`${approval.by} (${approval.how}), ${timeMarkup(approval.at)}${approval.why === undefined || approval.why === "" ? null : markup`: ${approval.why}`}`,
    ],
    ...(back === null ? [] : ([["Way back", markup`<code>${back.command}</code> to ${back.releaseId}`]] as const)),
  ];
}

/** How to go back to what was live before; null: this release is not live, or nothing was. */
function wayBack(evidence: DeploymentEvidence): { readonly command: string; readonly releaseId: string } | null {
  const { environment, releaseId, previousReleaseId } = evidence;
  if (previousReleaseId === null || liveRelease(evidence).releaseId !== releaseId) return null;
  return { command: `greenlight rollback ${environment}`, releaseId: previousReleaseId };
}

interface TimedState {
  readonly state: string;
  readonly why: string;
  readonly at: string;
  readonly from: number;
  /** Null for the last state, which lasts. */
  readonly to: number | null;
}

function statesOf(evidence: DeploymentEvidence): readonly TimedState[] {
  return evidence.transitions.slice(0, 100).flatMap((transition, index, all) => {
    const from = momentOf(transition.at);
    return from === undefined ? [] : [{ ...transition, from, to: momentOf(all[index + 1]?.at ?? null) ?? null }];
  });
}

function stateList(evidence: DeploymentEvidence, states: readonly TimedState[]): Markup {
  const start = states[0]?.from ?? 0;
  const end = states.at(-1)?.from ?? start;
  const scale = timeScale({
    start,
    end,
    pauses: states.flatMap((each) =>
      each.state === "awaiting-approval" && each.to !== null ? [{ from: each.from, to: each.to }] : [],
    ),
  });
  const list = markup`${strip({
    segments: states.flatMap((each, index) => segment(each, index, scale)),
    label: `States of the deployment over ${formatDuration(end - start)}; the list below names them`,
  })}<ol class="states">${states.map(
    (each) =>
      markup`<li class="${toneOf(each.state, 0)}"><b>${each.state}</b><span class="num quiet" title="${each.at}">${each.from === start ? "start" : `+${formatDuration(each.from - start)}`}</span><span class="num">${each.to === null ? "" : formatDuration(each.to - each.from)}</span><small>${each.why}</small></li>`,
  )}</ol>`;
  if (!evidence.isAlready) return list;
  return markup`<details><summary>How it came there, ${timeMarkup(states[0]?.at ?? "")}</summary>${list}</details>`;
}

function segment(each: TimedState, index: number, scale: TimeScale): readonly Segment[] {
  if (each.to === null) return [];
  const title = `${each.state}: ${formatDuration(each.to - each.from)}`;
  return [{ from: scale.place(each.from), to: scale.place(each.to), tone: toneOf(each.state, index), title }];
}

/** Neighbours differ, so that short states stay apart. */
function toneOf(state: string, index: number): Tone {
  if (state === "succeeded") return "good";
  if (state === "awaiting-approval") return "wait";
  if (/^(?:abort|roll|needs-human)/.test(state)) return "bad";
  return index % 2 === 0 ? "data" : "soft";
}

export function deploymentLines(evidence: DeploymentEvidence): readonly Markdown[] {
  const live = liveRelease(evidence);
  const { approval, previousReleaseId, releaseId, environment, slot, who } = evidence;
  const approved = approval === null ? "" : `, approved by ${approval.by} (${approval.how})`;
  const said = approval?.why === undefined || approval.why === "" ? "" : `: ${approval.why}`;
  const back = wayBack(evidence);
  return [
    mdLine`- ${live.state.sign} **${environment}** ${mdLink(evidence.url)}: ${live.story}: ${previousReleaseId ?? "none before"} → ${releaseId}, slot ${slot}, by ${who}${approved}${said}`,
    ...gateLines(evidence),
    ...(back === null ? [] : [mdLine`  - way back to ${back.releaseId}: ${back.command}`]),
  ];
}

/** Each state with its times, for a report of this deployment alone. */
export function stateLines(evidence: DeploymentEvidence): readonly Markdown[] {
  const states = statesOf(evidence);
  const rows = states.map(({ state, at, from, to, why }) => [
    state,
    at,
    to === null ? "" : formatDuration(to - from),
    why,
  ]);
  return rows.length === 0 ? [] : mdTable("llrl", ["State", "Since", "For", "Why"], rows);
}
