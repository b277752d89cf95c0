import type { RunView, StepView } from "../../engine/run-view.ts";
import { ganttAxis, type GanttLook, ganttRow } from "../charts/gantt.ts";
import { type Pause, type TimeScale, timeScale } from "../charts/time-scale.ts";
import { allSteps, durationSoFarMs } from "../outcome-so-far.ts";
import { proofsOf } from "../proof.ts";
import type { Section } from "../section.ts";
import { shape, type State, stateOfStep } from "../state.ts";
import { stepAnchor } from "../step-anchor.ts";
import { formatDuration } from "../text/format.ts";
import { type Markup, markup, ownMarkup } from "../text/markup.ts";
import { momentOf } from "../text/moment.ts";

type Stage = RunView["stages"][number];

/** When each step ran: stages as bands, steps as bars, approvals as diamonds. Null when no step has begun. */
export function timelineSection(view: RunView): Section | null {
  const start = momentOf(view.startedAt);
  if (start === undefined || allSteps(view).every((step) => momentOf(step.startedAt) === undefined)) return null;
  const scale = timeScale({ start, end: start + durationSoFarMs(view), pauses: pausesOf(view) });
  const paused = scale.breaks.reduce((sum, pause) => sum + pause.to - pause.from, 0);
  const waited = paused === 0 ? "" : `, ${formatDuration(paused)} of it waiting for approval (drawn shorter)`;
  return {
    id: "timeline",
    title: "Time line",
    summary: `${formatDuration(durationSoFarMs(view))}${waited}`,
    isWide: true,
    page: markup`<div class="timeline">
<div class="row axis-row"><span></span>${ganttAxis(scale)}<span></span></div>
${view.stages.map((stage) => stageRows(view, stage, scale))}
${legend(view, scale)}
</div>`,
    // The table of steps says the same in text.
    lines: [],
  };
}

/** Waits for a person, as the deployments of this run recorded them. */
function pausesOf(view: RunView): readonly Pause[] {
  return proofsOf(view, "deployment").flatMap(({ evidence }) =>
    evidence.transitions.flatMap((transition, index) => {
      const from = momentOf(transition.at);
      const to = momentOf(evidence.transitions[index + 1]?.at ?? null);
      return transition.state === "awaiting-approval" && from !== undefined && to !== undefined ? [{ from, to }] : [];
    }),
  );
}

function stageRows(view: RunView, stage: Stage, scale: TimeScale): Markup {
  const band = spanOf(stage.steps, scale.end);
  const time = band === null ? "not reached" : formatDuration(band.to - band.from);
  return markup`<div class="stage"><h3>${stage.name}<small class="num">${time}</small></h3><ol>${stage.steps.map(
    (step) => stepRow(view, step, { scale, band }),
  )}</ol></div>
`;
}

function spanOf(steps: readonly StepView[], end: number): Pause | null {
  const spans = steps.flatMap((step) => timeOf(step, end) ?? []);
  if (spans.length === 0) return null;
  return { from: Math.min(...spans.map((span) => span.from)), to: Math.max(...spans.map((span) => span.to)) };
}

/** A step that goes on reaches to the end of what is known. */
function timeOf(step: StepView, end: number): Pause | null {
  const startedAt = momentOf(step.startedAt);
  if (startedAt === undefined || step.outcome === "skipped") return null;
  if (step.outcome === "cancelled" && step.durationMs === 0) return null;
  const to = momentOf(step.endedAt);
  if (to === undefined) return { from: startedAt, to: end };
  // What came from cache has an end only, and the time spent on looking belongs to every step.
  return { from: Math.min(startedAt, to - Math.max(0, step.durationMs)), to };
}

function stepRow(view: RunView, step: StepView, chart: { scale: TimeScale; band: Pause | null }): Markup {
  const state = stateOfStep(step);
  const time = timeOf(step, chart.scale.end);
  const took = time === null || step.endedAt === null ? "" : formatDuration(step.durationMs);
  const approvals = view.approvals.flatMap((approval) => {
    const at = momentOf(approval.at);
    return approval.step === step.name && at !== undefined ? [{ at, isGranted: approval.isGranted }] : [];
  });
  const bar = time === null ? null : { ...time, tone: state.tone, look: lookOf(state) };
  const title = `${step.name}: ${state.word}${took === "" ? "" : `, ${took}`}`;
  return markup`<li class="row"><a class="label ${state.tone}" href="#${stepAnchor(view, step.name)}">${shape(state.shape)}<span>${step.name}</span><span class="hidden">, ${state.word}</span></a>${ganttRow(chart.scale, { bar, approvals, title }, chart.band)}<span class="num">${took === "" ? state.word : took}</span></li>`;
}

function lookOf(state: State): GanttLook {
  return state.shape === "cached" ? "hollow" : state.shape === "already" ? "ring" : "solid";
}

function legend(view: RunView, scale: TimeScale): Markup {
  const shapes = new Set(allSteps(view).map((step) => stateOfStep(step).shape));
  const has = (...names: readonly string[]): boolean => names.some((name) => shapes.has(name));
  const entries = [
    has("passed") ? entry(`<rect class="bar good" x="2" y="4" width="16" height="8" rx="2"/>`, "ran") : null,
    has("cached")
      ? entry(`<rect class="bar hollow good" x="2" y="4" width="16" height="8" rx="2"/>`, "from cache")
      : null,
    has("already") ? entry(`<circle class="ring good" cx="10" cy="8" r="4.5"/>`, "already so") : null,
    has("warned") ? entry(`<rect class="bar warn" x="2" y="4" width="16" height="8" rx="2"/>`, "warned") : null,
    has("failed", "errored")
      ? entry(`<rect class="bar bad" x="2" y="4" width="16" height="8" rx="2"/>`, "failed")
      : null,
    view.approvals.length > 0 ? entry(`<path class="diamond wait" d="M10 1l7 7-7 7-7-7z"/>`, "approval") : null,
    scale.breaks.length > 0
      ? entry(`<rect class="pause" x="2" y="0" width="16" height="16"/>`, "waiting, drawn shorter")
      : null,
  ];
  return markup`<p class="legend" aria-hidden="true">${entries}</p>`;
}

function entry(drawing: string, word: string): Markup {
  return markup`<span><svg width="20" height="16">${ownMarkup(drawing)}</svg>${word}</span>`;
}
