import { PROBLEMS } from "../../base/problem-codes.ts";
import type { Problem } from "../../base/problem.ts";
import type { RunView, StepView } from "../../engine/run-view.ts";
import type { Evidence } from "../../evidence/evidence.ts";
import { allSteps } from "../outcome-so-far.ts";
import type { Section } from "../section.ts";
import { stateMark, stateOfStep } from "../state.ts";
import { stepAnchor } from "../step-anchor.ts";
import { formatPlural } from "../text/format.ts";
import { type Markdown, mdLine } from "../text/markdown.ts";
import { type Markup, markup, withCode } from "../text/markup.ts";

const MOST_PROBLEMS = 100;
const BAD = new Set<string>(["failed", "errored"]);

interface Trouble {
  readonly step: StepView;
  /** Null: the step did not end well and says no more than its `why`. */
  readonly problem: Problem | null;
}

/** What a person has to mend, failures first. Null when nothing is wrong. */
export function problemsSection(view: RunView): Section | null {
  const troubles = troublesOf(view);
  if (troubles.length === 0) return null;
  const shown = troubles.slice(0, MOST_PROBLEMS);
  return {
    id: "problems",
    title: "Problems",
    summary: `${formatPlural(troubles.length, "thing")} to mend`,
    isWide: true,
    page: markup`<div class="problems">${shown.map((trouble) => troubleBlock(view, trouble))}</div>${
      troubles.length > shown.length
        ? markup`<p class="note">${troubles.length - shown.length} more are not shown here.</p>`
        : null
    }`,
    lines: shown.map(troubleLine),
  };
}

function troublesOf(view: RunView): readonly Trouble[] {
  const troubles = allSteps(view).flatMap((step): readonly Trouble[] => {
    if (step.problems.length > 0) return step.problems.map((problem) => ({ step, problem }));
    return BAD.has(step.outcome) ? [{ step, problem: null }] : [];
  });
  const isBad = (trouble: Trouble): boolean => BAD.has(trouble.step.outcome);
  return [...troubles.filter(isBad), ...troubles.filter((trouble) => !isBad(trouble))];
}

function troubleBlock(view: RunView, { step, problem }: Trouble): Markup {
  const state = stateOfStep(step);
  const from = markup`<p class="origin">${stateMark(state)} <a href="#${stepAnchor(view, step.name)}">${step.name}</a>${
    problem === null
      ? null
      : markup`<code>${problem.code}</code>${isOurs(problem) ? markup`<small>a fault of the machine or of Greenlight</small>` : null}`
  }</p>`;
  if (problem === null) {
    return markup`<article class="problem ${state.tone}">${from}<p class="message">${step.why === "" ? "no reason recorded" : step.why}</p><p class="remedy"><b>Remedy</b> read the step's log: <code>greenlight logs --step NAME</code></p>${evidenceLinks(step)}</article>`;
  }
  return markup`<article class="problem ${state.tone}">${from}<p class="place">${problem.place}</p><p class="message">${withCode(problem.message)}</p><p class="remedy"><b>Remedy</b> ${withCode(problem.remedy)}</p>${evidenceLinks(step)}</article>`;
}

/** Where this page shows what the step proved. */
const SECTIONS: Readonly<Record<Evidence["kind"], { readonly id: string; readonly word: string }>> = {
  findings: { id: "findings", word: "findings" },
  tests: { id: "tests", word: "tests" },
  coverage: { id: "coverage", word: "coverage" },
  validation: { id: "data", word: "data validation" },
  model: { id: "model", word: "model" },
  gate: { id: "gate", word: "gate" },
  release: { id: "release", word: "release" },
  deployment: { id: "deployments", word: "deployment" },
  smoke: { id: "smoke", word: "smoke checks" },
  benchmark: { id: "latency", word: "latency" },
  health: { id: "health", word: "health" },
};

function evidenceLinks(step: StepView): Markup | null {
  const kinds = [...new Set(step.evidence.map((evidence) => evidence.kind))];
  if (kinds.length === 0) return null;
  return markup`<p class="remedy"><b>See</b>${kinds.map((kind) => markup` <a href="#${SECTIONS[kind].id}">${SECTIONS[kind].word}</a>`)}</p>`;
}

function troubleLine({ step, problem }: Trouble): Markdown {
  const { sign } = stateOfStep(step);
  if (problem === null) return mdLine`- ${sign} **${step.name}**: ${step.why}`;
  return mdLine`- ${sign} **${step.name}**: ${problem.code}: ${problem.place}: ${problem.message}. Remedy: ${problem.remedy}`;
}

function isOurs(problem: Problem): boolean {
  const kind: { readonly isOurs?: boolean } | undefined = PROBLEMS[problem.code];
  return kind?.isOurs === true;
}
