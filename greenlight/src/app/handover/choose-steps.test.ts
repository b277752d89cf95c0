import { expect, test } from "vitest";

import { defineProject, effectStep, pipeline, step } from "../../pipeline/define.ts";
import { makeBlueprint } from "../../pipeline/make-blueprint.ts";
import { makePlan } from "../../pipeline/make-plan.ts";
import { chooseSteps, type PartSelection } from "./choose-steps.ts";

const made = makeBlueprint(
  defineProject({
    name: "shop",
    pipelines: {
      delivery: pipeline({
        stages: {
          test: [
            step("unit", {
              run: "x",
              matrix: {
                axes: { node: [22, 24], os: ["linux", "mac"] },
                exclude: [{ os: "mac" }],
                include: [{ node: 24, extra: true }],
              },
            }),
            step("lint", { run: "x" }),
            step("on pushes", { run: "x", when: { kind: "event", events: ["push"] } }),
          ],
        },
        finally: [effectStep("report", { module: "m", export: "r" })],
      }),
    },
  }),
  "c",
);
if (!made.ok) throw new Error(JSON.stringify(made.error));
const blueprint = made.value;
const trigger = { kind: "manual" as const, branch: "main", commit: null, isDirty: false, who: "kim" };

function choose(selection: Partial<PartSelection>): readonly string[] | string {
  const planned = makePlan(blueprint, { pipeline: "delivery", trigger, selection: "branch" });
  const delivery = blueprint.pipelines["delivery"];
  if (!planned.ok || delivery === undefined) throw new Error("no plan");
  const chosen = chooseSteps(planned.value, delivery, { stages: ["test"], steps: [], matrix: null, ...selection });
  return chosen.ok ? [...chosen.value] : chosen.error.map((each) => each.code).join();
}

test("a stage, some of its steps, one combination, and what comes last", () => {
  expect(choose({})).toEqual(["unit (22, linux)", "unit (24, linux)", "lint"]);
  expect(choose({ steps: ["lint"] })).toEqual(["lint"]);
  expect(choose({ steps: ["unit"] })).toEqual(["unit (22, linux)", "unit (24, linux)"]);
  expect(choose({ steps: ["unit"], matrix: { os: "linux", node: 22 } })).toEqual(["unit (22, linux)"]);
  expect(choose({ steps: ["unit"], matrix: { node: 24, os: "linux", extra: true } })).toEqual(["unit (24, linux)"]);
  expect(choose({ stages: ["finally"] })).toEqual(["report"]);
});

test("what fell away for this run leaves nothing to do; what the definition does not have is told", () => {
  expect(choose({ steps: ["on pushes"] })).toEqual([]);
  expect(choose({ stages: ["tests"] })).toBe("STAGE_UNKNOWN");
  expect(choose({ steps: ["unid"] })).toBe("STEP_UNKNOWN");
  expect(choose({ stages: ["finally"], steps: ["lint"] })).toBe("STEP_UNKNOWN");
});

test("a combination has to be one of the matrix, whole and of the same types", () => {
  expect(choose({ steps: ["unit"], matrix: { node: 22 } })).toBe("STEP_UNKNOWN");
  expect(choose({ steps: ["unit"], matrix: { node: "22", os: "linux" } })).toBe("STEP_UNKNOWN");
  expect(choose({ steps: ["lint"], matrix: { node: 22, os: "linux" } })).toBe("STEP_UNKNOWN");
  expect(choose({ matrix: { node: 22, os: "linux" } })).toBe("USAGE");
});
