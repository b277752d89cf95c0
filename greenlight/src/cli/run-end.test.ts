import { expect, test } from "vitest";

import { problem } from "../base/problem.ts";
import type { RunEvent } from "../engine/event.ts";
import { viewRun } from "../engine/run-view.ts";
import { EventMaker } from "../engine/testing/make-events.ts";
import { showEnd } from "./run-end.ts";
import { Terminal } from "./terminal.ts";

const names = (count: number) => Array.from({ length: count }, (_, index) => `step ${index}`);

function endOf(
  steps: readonly string[],
  change: (events: EventMaker, step: string) => RunEvent,
  columns: number | null = null,
) {
  const events = new EventMaker();
  const made = [events.started({ all: steps }), ...steps.map((step) => change(events, step))];
  const outcome = made.some((each) => each.type === "step-ended" && each.outcome === "failed") ? "failed" : "warned";
  const view = viewRun([...made, events.make(30, { type: "run-ended", outcome, durationMs: 30, pending: [] })]);
  if (view === undefined) throw new Error("no run");
  const lines: string[] = [];
  const write = (line: string): number => lines.push(line);
  showEnd(view, { terminal: new Terminal({}, {}), write, columns, lastLines: () => [] });
  return lines;
}

const allowed = (events: EventMaker, step: string): RunEvent =>
  events.stepEnded(10, step, {
    outcome: "warned",
    isAllowedFailure: true,
    why: "failed, which is allowed: exited with 1",
  });

test("the last lines of a run that warned name the steps that did", () => {
  const lines = endOf(["train", "lint"], allowed);
  expect(lines.slice(-3)).toEqual([
    "warned in 30 ms, 2 tasks ran, 2 warned",
    "  ! train: failed, which is allowed: exited with 1",
    "  ! lint: failed, which is allowed: exited with 1",
  ]);
});

test("of hundreds of steps that warned the first ones are named, the others counted", () => {
  const lines = endOf(names(300), allowed);
  expect(lines.length).toBeLessThan(30);
  expect(lines.slice(-2)).toEqual([
    "  ! step 9: failed, which is allowed: exited with 1",
    "  … and 290 more that warned",
  ]);
});

test("a step that warned by itself is named with its problem, and the line is cut to the window", () => {
  const found = problem("COVERAGE_BELOW_FLOOR", { place: "test", message: "81 % of the lines".repeat(10) });
  const warned = (events: EventMaker, step: string): RunEvent =>
    events.stepEnded(10, step, { outcome: "warned", problems: [found] });
  expect(endOf(["test"], warned).at(-1)).toContain("  ! test: COVERAGE_BELOW_FLOOR: 81 % of the lines");
  expect(endOf(["test"], warned, 40).at(-1)?.length).toBeLessThanOrEqual(40);
});

test("a step with thousands of problems does not scroll the others away", () => {
  const problems = names(5000).map((place) => problem("OUTPUT_NO_FILE", { place, message: "is a pipe" }));
  const lines = endOf(["pipes"], (events, step) => events.stepEnded(10, step, { outcome: "failed", problems }));
  expect(lines.length).toBeLessThan(40);
  expect(lines).toContain("  … and 4990 more problems of this step");
});
