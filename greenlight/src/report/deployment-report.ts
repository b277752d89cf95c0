import type { DeploymentEvidence } from "../evidence/evidence.ts";
import { signal } from "./charts/signal.ts";
import { liveRelease } from "./live-release.ts";
import { pageFrame, sectionMarkup } from "./page-frame.ts";
import type { Section } from "./section.ts";
import { deploymentArticle, deploymentLines, stateLines } from "./sections/deployment-article.ts";
import type { RunState } from "./state.ts";
import { formatDuration } from "./text/format.ts";
import { mdLine } from "./text/markdown.ts";
import { type MarkupValue, markup } from "./text/markup.ts";
import { momentOf } from "./text/moment.ts";
import { timeMarkup } from "./text/time.ts";

interface DeploymentReport {
  readonly project: string;
  readonly evidence: DeploymentEvidence;
  /** The run that deployed; empty: a person did, without a run. */
  readonly runId: string;
}

/** The report of one deployment, however it ended, as one HTML file. `generatedAt` is an ISO time, UTC. Pure. */
export function renderHtmlDeployment(report: DeploymentReport, options: { readonly generatedAt: string }): string {
  const { project, evidence, runId } = report;
  const { environment } = evidence;
  const { state } = liveRelease(evidence);
  const section: Section = {
    id: "deployment",
    title: isRollback(evidence) ? "Rollback" : "Deployment",
    summary: `${evidence.previousReleaseId ?? "none before"} → ${evidence.releaseId}`,
    isWide: true,
    page: deploymentArticle(evidence),
    lines: [],
  };
  return pageFrame({
    title: `${project} ${environment}: ${state.word}`,
    outcome: OUTCOMES[state.tone] ?? "cancelled",
    head: markup`<header class="head ${state.tone}"><div class="verdict">${signal(OUTCOMES[state.tone] ?? "cancelled")}<div>
<p class="eyebrow">${project} <span aria-hidden="true">/</span> ${environment}</p>
<h1>${state.word.charAt(0).toUpperCase()}${state.word.slice(1)}</h1>
<p class="sentence">${sentenceOf(evidence)}.</p></div></div>
<dl class="meta">${metaOf(report).map(([name, value]) => markup`<div><dt>${name}</dt><dd>${value}</dd></div>`)}</dl></header>`,
    sections: [section],
    main: sectionMarkup(section),
    foot: markup`<footer><p><b>Greenlight</b></p><p>${runId === "" ? "Without a run" : markup`Run <code>${runId}</code>`} · written ${timeMarkup(options.generatedAt)}</p></footer>`,
  });
}

/** The same in GitHub's Markdown. Pure. */
export function renderMarkdownDeployment({ project, evidence, runId }: DeploymentReport): string {
  const { state } = liveRelease(evidence);
  const lines = [
    mdLine`# ${state.sign} ${project} / ${evidence.environment}: ${state.word}`,
    mdLine``,
    mdLine`${sentenceOf(evidence)}.`,
    mdLine``,
    ...deploymentLines(evidence),
    mdLine``,
    mdLine`## States`,
    mdLine``,
    ...stateLines(evidence),
    mdLine``,
    mdLine`---`,
    mdLine`Deployment ${evidence.deploymentId}, ${runId === "" ? "without a run" : `run ${runId}`}`,
  ];
  return `${lines.map((line) => line.source).join("\n")}\n`.replace(/\n{3,}/g, "\n\n");
}

const OUTCOMES: Readonly<Partial<Record<string, RunState>>> = { good: "passed", bad: "failed", wait: "waiting" };

function isRollback({ isRollback: is = false }: DeploymentEvidence): boolean {
  return is;
}

function sentenceOf(evidence: DeploymentEvidence): string {
  const { environment, releaseId, previousReleaseId, transitions } = evidence;
  const live = liveRelease(evidence);
  const last = transitions.at(-1);
  const reason = last === undefined || last.why === "" ? "" : `: ${last.why}`;
  if (last?.state === "succeeded") {
    const how = isRollback(evidence) ? "took over again" : "took over";
    return `${releaseId} ${how} from ${previousReleaseId ?? "nothing"}${reason}`;
  }
  const what = `${isRollback(evidence) ? "The rollback to" : "The deployment of"} ${releaseId}: ${live.story}${reason}`;
  return `${what}. ${environment} serves ${live.releaseId ?? "what the record can't tell"}`;
}

function metaOf({ evidence }: DeploymentReport): readonly (readonly [string, MarkupValue])[] {
  const { transitions, who, releaseId, previousReleaseId } = evidence;
  const start = momentOf(transitions[0]?.at ?? null);
  const end = momentOf(transitions.at(-1)?.at ?? null);
  return [
    ["Release", releaseId],
    ["Before", previousReleaseId ?? "nothing"],
    ["By", who],
    ["Started", timeMarkup(transitions[0]?.at ?? "")],
    ["Duration", start === undefined || end === undefined ? "not known" : formatDuration(end - start)],
  ];
}
