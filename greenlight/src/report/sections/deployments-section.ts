import type { RunView } from "../../engine/run-view.ts";
import type { DeploymentEvidence } from "../../evidence/evidence.ts";
import { type Segment, strip } from "../charts/strip.ts";
import { type TimeScale, timeScale } from "../charts/time-scale.ts";
import { liveRelease } from "../live-release.ts";
import { proofsOf } from "../proof.ts";
import type { Section, Tone } from "../section.ts";
import { stateMark } from "../state.ts";
import { formatDuration } from "../text/format.ts";
import { link, mdLink } from "../text/link.ts";
import { type Markdown, mdLine } from "../text/markdown.ts";
import { type Markup, markup } from "../text/markup.ts";
import { momentOf } from "../text/moment.ts";
import { timeMarkup } from "../text/time.ts";

/** What was moved where, by whom, and the states that each deployment went through. */
export function deploymentsSection(view: RunView): Section | null {
  const proofs = proofsOf(view, "deployment");
  if (proofs.length === 0) return null;
  return {
    id: "deployments",
    title: "Deployments",
    summary: proofs.map(({ evidence }) => `${evidence.environment}: ${liveRelease(evidence).story}`).join("; "),
    isWide: true,
    page: markup`<div class="pair">${proofs.map(({ evidence }) => deployment(evidence))}</div>`,
    lines: proofs.map(({ evidence }) => deploymentLine(evidence)),
  };
}

function deployment(evidence: DeploymentEvidence): Markup {
  const states = statesOf(evidence);
  return markup`<article class="deployment"><h3>${evidence.environment} ${stateMark(liveRelease(evidence).state)}</h3>
<p class="address">${link(evidence.url)}</p>
<dl class="pairs stacked"><div><dt>Release</dt><dd>${evidence.previousReleaseId ?? "none before"} → <b>${evidence.releaseId}</b></dd></div>
<div><dt>Slot</dt><dd>${evidence.slot}</dd></div><div><dt>By</dt><dd>${evidence.who}${evidence.why === "" ? null : markup`: ${evidence.why}`}</dd></div>
<div><dt>Approval</dt><dd>${
    evidence.approval === null
      ? "none recorded"
      : markup`${evidence.approval.by} (${evidence.approval.how}), ${timeMarkup(evidence.approval.at)}`
  }</dd></div><div><dt>Deployment</dt><dd class="digest">${evidence.deploymentId}</dd></div></dl>
${states.length === 0 ? markup`<p class="note">No states are recorded.</p>` : stateList(evidence, states)}</article>`;
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

function deploymentLine(evidence: DeploymentEvidence): Markdown {
  const live = liveRelease(evidence);
  const approval = evidence.approval === null ? "" : `, approved by ${evidence.approval.by} (${evidence.approval.how})`;
  return mdLine`- ${live.state.sign} **${evidence.environment}** ${mdLink(evidence.url)}: ${live.story}: ${evidence.previousReleaseId ?? "none before"} → ${evidence.releaseId}, slot ${evidence.slot}, by ${evidence.who}${approval}`;
}
