import type { Outcome } from "../engine/outcome.ts";
import type { StepView } from "../engine/run-view.ts";
import type { Verdict } from "../evidence/evidence.ts";
import type { Tone } from "./section.ts";
import { type Markup, markup } from "./text/markup.ts";

/** How something stands: a word, a colour and a shape, so that none of the three is needed alone. */
export interface State {
  readonly word: string;
  readonly tone: Tone;
  /** A symbol of `style/symbols.ts`. */
  readonly shape: string;
  /** The same in a line of text. */
  readonly sign: string;
}

export type RunState = Outcome | "running" | "pending";

const STATES: Readonly<Record<RunState | "cached" | "already", State>> = {
  passed: { word: "passed", tone: "good", shape: "passed", sign: "✓" },
  cached: { word: "from cache", tone: "good", shape: "cached", sign: "○" },
  already: { word: "already so", tone: "good", shape: "already", sign: "=" },
  warned: { word: "warned", tone: "warn", shape: "warned", sign: "▲" },
  failed: { word: "failed", tone: "bad", shape: "failed", sign: "✗" },
  errored: { word: "errored", tone: "bad", shape: "errored", sign: "✗" },
  cancelled: { word: "cancelled", tone: "idle", shape: "cancelled", sign: "■" },
  skipped: { word: "skipped", tone: "idle", shape: "skipped", sign: "–" },
  waiting: { word: "waiting", tone: "wait", shape: "waiting", sign: "‖" },
  running: { word: "running", tone: "wait", shape: "running", sign: "▶" },
  pending: { word: "to come", tone: "idle", shape: "pending", sign: "·" },
};

const VERDICTS: Readonly<Record<Verdict, State>> = {
  promote: { word: "promote", tone: "good", shape: "passed", sign: "✓" },
  hold: { word: "hold", tone: "wait", shape: "waiting", sign: "‖" },
  reject: { word: "reject", tone: "bad", shape: "failed", sign: "✗" },
  inconclusive: { word: "inconclusive", tone: "warn", shape: "warned", sign: "▲" },
};

export function stateOfRun(outcome: RunState): State {
  return STATES[outcome];
}

/** A pass from cache, and one with nothing to do, are states of their own. */
export function stateOfStep(step: StepView): State {
  if (step.outcome === "passed" && step.isFromCache) return STATES.cached;
  if (step.outcome === "passed" && step.isAlready) return STATES.already;
  return STATES[step.outcome];
}

export function stateOfVerdict(verdict: Verdict): State {
  return VERDICTS[verdict];
}

/** What a gate around the switch found. */
export function stateOfFinding(verdict: "pass" | "fail" | "inconclusive"): State {
  if (verdict === "inconclusive") return VERDICTS.inconclusive;
  return { ...(verdict === "pass" ? STATES.passed : STATES.failed), word: verdict };
}

export function stateOfCheck(isPassed: boolean): State {
  return isPassed ? STATES.passed : STATES.failed;
}

/** Shape and word. `word` replaces the state's own. */
export function stateMark(state: State, word = state.word): Markup {
  return markup`<span class="state ${state.tone}">${shape(state.shape)}${word}</span>`;
}

/** For lists in which most is well: the word is seen only where it says something else. */
export function stateSign(state: State): Markup {
  if (state.tone !== "good") return stateMark(state);
  return markup`<span class="state good">${shape(state.shape)}<span class="hidden">${state.word}</span></span>`;
}

/** The shape alone, for places where the word stands beside it. */
export function shape(name: string): Markup {
  return markup`<svg class="shape" viewBox="0 0 20 20" aria-hidden="true"><use href="#shape-${name}"/></svg>`;
}
