import type { RunView, StepView } from "../../engine/run-view.ts";
import { allSteps } from "../outcome-so-far.ts";
import type { Section } from "../section.ts";
import { stateMark, stateOfStep } from "../state.ts";
import { stepAnchor } from "../step-anchor.ts";
import { formatDuration, formatPlural } from "../text/format.ts";
import { type Markdown, mdLine, mdTable } from "../text/markdown.ts";
import { type Markup, markup } from "../text/markup.ts";
import { timeMarkup } from "../text/time.ts";
import { countWork, workInWords } from "../work.ts";

/** Per stage: how each step ended, why it ran or did not have to, how long it took and what the cache saved. */
export function stepsSection(view: RunView): Section | null {
  const steps = allSteps(view);
  if (steps.length === 0) return null;
  const stages = view.stages.filter((stage) => stage.steps.length > 0);
  return {
    id: "steps",
    title: "Why each step ran",
    summary: workInWords(countWork(steps)),
    isWide: true,
    page: markup`${stages.map(
      (stage, index) => markup`<div class="scroll"><table class="steps" role="table">
<caption>${stage.name}<small>${formatPlural(stage.steps.length, "step")}</small></caption>
<colgroup><col class="c-outcome"><col class="c-name"><col><col class="c-time"><col class="c-time"></colgroup>
<thead role="rowgroup" class="${index === 0 ? "" : "hidden"}"><tr role="row"><th role="columnheader" scope="col">Outcome</th><th role="columnheader" scope="col">Step</th><th role="columnheader" scope="col">Why</th><th role="columnheader" scope="col" class="num">Took</th><th role="columnheader" scope="col" class="num">Saved</th></tr></thead>
<tbody role="rowgroup">${stage.steps.map((step) => stepRow(view, step))}</tbody></table></div>`,
    )}`,
    lines: mdTable(
      "lllrr",
      ["Stage", "Step", "Why", "Took", "Saved"],
      stages.flatMap((stage) => stage.steps.map((step) => stepLine(view, stage.name, step))),
    ),
  };
}

function stepRow(view: RunView, step: StepView): Markup {
  return markup`<tr role="row" id="${stepAnchor(view, step.name)}"><td role="cell" class="outcome">${stateMark(stateOfStep(step))}</td><th role="rowheader" scope="row" class="name">${step.name}${
    step.kind === "effect"
      ? markup` <small class="tag" title="Touches the world: it observes first and is never taken from cache">effect</small>`
      : null
  }</th><td role="cell" class="why">${whyOf(step)}${approvalsOf(view, step).map(
    (approval) =>
      markup`<small class="note">${approval.isGranted ? "approved" : "rejected"} by <b>${approval.by}</b> (${approval.how}) at ${timeMarkup(approval.at)}${approval.why === "" ? null : markup`: ${approval.why}`}</small>`,
  )}</td><td role="cell" class="num">${tookOf(step)}</td><td role="cell" class="num saved">${step.savedMs > 0 ? formatDuration(step.savedMs) : ""}</td></tr>
`;
}

function stepLine(view: RunView, stage: string, step: StepView): readonly (Markdown | string)[] {
  const state = stateOfStep(step);
  const approvals = approvalsOf(view, step).map(
    (approval) => mdLine` (${approval.isGranted ? "approved" : "rejected"} by ${approval.by})`,
  );
  return [
    stage,
    mdLine`${state.sign} ${step.name}`,
    mdLine`${state.word === "passed" ? "" : `${state.word}: `}${whyOf(step)}${approvals}`,
    tookOf(step),
    step.savedMs > 0 ? formatDuration(step.savedMs) : "",
  ];
}

function approvalsOf(view: RunView, step: StepView): RunView["approvals"] {
  return view.approvals.filter((approval) => approval.step === step.name);
}

function whyOf(step: StepView): string {
  if (step.outcome === "pending") return "had not started when this report was written";
  if (step.outcome === "running") return "had not ended when this report was written";
  return step.why === "" ? "no reason recorded" : step.why;
}

function tookOf(step: StepView): string {
  return step.endedAt === null || step.outcome === "skipped" ? "" : formatDuration(step.durationMs);
}
