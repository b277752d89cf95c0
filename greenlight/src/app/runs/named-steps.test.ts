import { expect, test } from "vitest";

import { namedSteps } from "./named-steps.ts";

const head = (name: string) => ({ name, kind: "task", needs: [], environment: null }) as const;
const run = {
  runId: "01run",
  stages: [{ name: "test", steps: [head("lint"), head("unit (22)"), head("unit (24)")] }],
  finally: [head("report")],
  dropped: [{ step: "deploy", why: "runs only on branch main" }],
};

test("no name means all steps, those of `finally` too", () => {
  expect(namedSteps(run, undefined)).toEqual(["lint", "unit (22)", "unit (24)", "report"]);
});

test("a matrix is named as it is written, and each combination by its own name", () => {
  expect(namedSteps(run, "unit")).toEqual(["unit (22)", "unit (24)"]);
  expect(namedSteps(run, "unit (24)")).toEqual(["unit (24)"]);
});

test("a step that fell away is told with the reason, another one as unknown", () => {
  expect(() => namedSteps(run, "deploy")).toThrow(
    /STEP_UNKNOWN: deploy: it fell away in run 01run: runs only on branch main/u,
  );
  expect(() => namedSteps(run, "unti")).toThrow(/STEP_UNKNOWN: unti: run 01run has no such step/u);
});
