import { expect, test } from "vitest";

import { defineProject, pipeline, step } from "../../pipeline/define.ts";
import { makeBlueprint } from "../../pipeline/make-blueprint.ts";
import { makePlan } from "../../pipeline/make-plan.ts";
import type { Plan } from "../../pipeline/plan.ts";
import { stepsAgain } from "./continue-run.ts";

function plan(): Plan {
  const films = step("films", { run: "true" });
  const model = step("model", { run: "true", needs: { films } });
  const tests = step("tests", { run: "true", matrix: { axes: { node: [22, 24] } } });
  const ship = step("ship", { run: "true", needs: { model } });
  const check = step("check", { run: "true", needs: { tests } });
  const note = step("note", { run: "true", needs: { ship } });
  const project = defineProject({
    name: "movies",
    pipelines: {
      delivery: pipeline({ stages: { build: [films, model, tests], deploy: [ship, check] }, finally: [note] }),
    },
  });
  const made = makeBlueprint(project, "greenlight.config.ts");
  if (!made.ok) throw new Error(JSON.stringify(made.error));
  const trigger = { kind: "manual", branch: "main", commit: null, isDirty: false, who: "kim" } as const;
  const planned = makePlan(made.value, { pipeline: "delivery", trigger, selection: "local" });
  if (!planned.ok) throw new Error(JSON.stringify(planned.error));
  return planned.value;
}

test("what has to run again is what was named; what needs it is decided by what it puts out", () => {
  expect(stepsAgain(plan(), [])).toEqual([]);
  expect(stepsAgain(plan(), ["model"])).toEqual(["model"]);
  expect(stepsAgain(plan(), ["note", "films"])).toEqual(["note", "films"]);
});

test("a matrix is named as it is written, and each of its combinations by its own name", () => {
  const combinations = plan()
    .stages[0]?.steps.map(({ name }) => name)
    .filter((name) => name.startsWith("tests"));
  expect(combinations).toHaveLength(2);
  expect(stepsAgain(plan(), ["tests"])).toEqual(combinations);
  expect(stepsAgain(plan(), [combinations?.[1] ?? ""])).toEqual([combinations?.[1]]);
});

test("a name that no step has is told", () => {
  expect(() => stepsAgain(plan(), ["films", "modle"])).toThrow(/STEP_UNKNOWN: modle/u);
});
