import { describe, expect, test } from "vitest";

import type { StepEnded } from "../../engine/event.ts";
import type { Outcome } from "../../engine/outcome.ts";
import { viewRun, type StepView } from "../../engine/run-view.ts";
import { effectStep, step } from "../../pipeline/define.ts";
import type { Plan } from "../../pipeline/plan.ts";
import { checkEarlier } from "./check-earlier.ts";
import { closePending, type Closing } from "./close-pending.ts";
import { planOf, samplePart, STARTED, stepEnded } from "./testing/sample-part.ts";

const lint = step("lint", { run: "x" });
const unit = step("unit", { run: "x", matrix: { axes: { node: [22, 24, 26] } } });
const merge = step("merge", { run: "x", needs: { unit } });
const bundle = step("bundle", { run: "x" });
const undo = step("undo", { run: "x", after: "failure" });
const tidy = step("tidy", { run: "x", after: "always" });
const plan = planOf({ quality: [lint], test: [unit, merge], build: [bundle], clean: [undo, tidy] }, [
  effectStep("report", { module: "m", export: "r" }),
]);
const LAST: Closing = { only: new Set(["report"]), isLast: true, isCancelled: false };

function viewsOf(of: Plan, outcomes: Readonly<Record<string, Outcome>>): ReadonlyMap<string, StepView> {
  const stages = of.stages.map((stage) => ({
    name: stage.name,
    steps: stage.steps.map((each) => ({
      name: each.name,
      kind: "task" as const,
      needs: Object.values(each.needs),
      environment: null,
    })),
  }));
  const ends = Object.entries(outcomes).map(([name, outcome]) => stepEnded(name, outcome));
  const view = viewRun(samplePart("p", [{ ...STARTED, stages }, ...ends]).events);
  return new Map(view?.stages.flatMap((stage) => stage.steps.map((each) => [each.name, each] as const)));
}

function told(ends: readonly StepEnded[]): Record<string, string> {
  return Object.fromEntries(ends.map((end) => [end.step, `${end.outcome}: ${end.why}`]));
}

function part(...names: readonly string[]): Closing {
  return { only: new Set(names), isLast: false, isCancelled: false };
}

const PASSED = {
  lint: "passed",
  "unit (22)": "passed",
  "unit (24)": "passed",
  "unit (26)": "passed",
  merge: "passed",
} as const;

describe("before what comes last", () => {
  test("stages that never began because one failed are skipped for it, and what always runs is missed", () => {
    expect(told(closePending(plan, viewsOf(plan, { ...PASSED, merge: "failed" }), LAST))).toEqual({
      bundle: "skipped: stage test did not pass",
      undo: "errored: no part of the run tells what became of it",
      tidy: "errored: no part of the run tells what became of it",
    });
  });

  test("combinations that a failing one cancelled before they began are told as cancelled", () => {
    const views = viewsOf(plan, { lint: "passed", "unit (24)": "failed" });
    expect(told(closePending(plan, views, LAST))).toMatchObject({
      "unit (22)": 'cancelled: cancelled: "unit (24)" failed, and the matrix fails fast',
      merge: expect.stringMatching(/^skipped: it needs "unit \(\d+\)", which ended as (cancelled|failed)$/u),
      bundle: "skipped: stage test did not pass",
    });
  });

  test("a job that left nothing is never taken for a success", () => {
    const ends = closePending(plan, viewsOf(plan, PASSED), LAST);
    expect(told(ends)["bundle"]).toBe("errored: no part of the run tells what became of it");
    expect(ends[0]?.problems).toMatchObject([{ code: "HANDOVER_INCOMPLETE" }]);
    expect(told(ends)["undo"]).not.toMatch(/^skipped/u);
  });

  test("in a run that was cancelled it counts as cancelled", () => {
    const ends = closePending(plan, viewsOf(plan, PASSED), { ...LAST, isCancelled: true });
    expect(told(ends)["bundle"]).toBe("cancelled: cancelled before it started");
  });

  test("where nothing failed, what runs after failures is skipped", () => {
    const views = viewsOf(plan, { ...PASSED, bundle: "passed", tidy: "passed" });
    expect(told(closePending(plan, views, LAST))).toEqual({ undo: "skipped: nothing failed before it" });
  });

  test("where all has ended there is nothing to close", () => {
    expect(
      closePending(plan, viewsOf(plan, { ...PASSED, bundle: "passed", undo: "skipped", tidy: "passed" }), LAST),
    ).toEqual([]);
  });
});

describe("before another part", () => {
  test("what a failure explains is closed, so that what runs after failures may start", () => {
    const views = viewsOf(plan, { ...PASSED, merge: "failed" });
    expect(told(closePending(plan, views, part("undo")))).toEqual({ bundle: "skipped: stage test did not pass" });
  });

  test("what nothing explains stays open, and keeps the part from starting", () => {
    const views = viewsOf(plan, { lint: "passed", "unit (22)": "passed" });
    expect(closePending(plan, views, part("bundle"))).toEqual([]);
    expect(checkEarlier(plan, new Set(["bundle"]), views)).toMatchObject([
      {
        code: "HANDOVER_INCOMPLETE",
        place: "stage build",
        message: expect.stringContaining('"unit (24)", "unit (26)", "merge"'),
      },
    ]);
  });

  test("steps of the same stage need not have ended, unless they are needed", () => {
    const views = viewsOf(plan, { lint: "passed" });
    expect(checkEarlier(plan, new Set(["unit (22)"]), views)).toEqual([]);
    expect(checkEarlier(plan, new Set(["merge"]), views)).toHaveLength(1);
    expect(checkEarlier(plan, new Set(["unit (22)", "unit (24)", "unit (26)", "merge"]), views)).toEqual([]);
  });

  test("a failed step has ended: the engine decides what that means", () => {
    expect(checkEarlier(plan, new Set(["merge"]), viewsOf(plan, { ...PASSED, "unit (22)": "failed" }))).toEqual([]);
  });

  test("the first stage needs nothing, and what comes last may always start", () => {
    expect(checkEarlier(plan, new Set(["lint"]), new Map())).toEqual([]);
    expect(checkEarlier(plan, new Set(["report"]), new Map())).toEqual([]);
  });
});
