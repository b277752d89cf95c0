import { describe, expect, test } from "vitest";

import { defineProject, pipeline, step } from "../../pipeline/define.ts";
import type { StepEntry } from "../../pipeline/definition.ts";
import { makeBlueprint } from "../../pipeline/make-blueprint.ts";
import { makePlan } from "../../pipeline/make-plan.ts";
import type { Plan } from "../../pipeline/plan.ts";
import { preparedSteps } from "./prepared-steps.ts";

function planOf(stages: Readonly<Record<string, readonly StepEntry[]>>): Plan {
  const project = defineProject({ name: "films", pipelines: { delivery: pipeline({ stages }) } });
  const made = makeBlueprint(project, "greenlight.config.ts");
  if (!made.ok) throw new Error(JSON.stringify(made.error));
  const trigger = { kind: "manual", branch: "main", commit: null, isDirty: false, who: "kim" } as const;
  const planned = makePlan(made.value, { pipeline: "delivery", trigger, selection: "local" });
  if (!planned.ok) throw new Error(JSON.stringify(planned.error));
  return planned.value;
}

const python = ["3.11", "3.12"];
const prepare = step("prepare", { run: "x", isPerMachine: true, matrix: { axes: { python } } });
const plain = step("plain", { run: "x", isPerMachine: true });
const unit = step("unit", { run: "x", needs: { prepare }, matrix: { axes: { python, os: ["linux"] } } });
const other = step("other", { run: "x", needs: { prepare }, matrix: { axes: { python: ["3.9"] } } });
const build = step("build", { run: "x", needs: { unit, plain } });
const deploy = step("deploy", { run: "x", needs: { build } });
const PLAN = planOf({ quality: [prepare, plain], test: [unit, other], build: [build], deploy: [deploy] });

function needsOf(name: string): readonly string[] {
  const found = PLAN.stages.flatMap((stage) => stage.steps).find((each) => each.name === name);
  return Object.values(found?.needs ?? {});
}

function prepared(...own: readonly string[]): readonly string[] {
  return preparedSteps(PLAN, new Set(own));
}

describe("a step that prepares a machine", () => {
  test("is needed by a combination with the same values alone, by all where none has them", () => {
    expect(needsOf("unit (3.11, linux)")).toEqual(["prepare (3.11)"]);
    expect(needsOf("unit (3.12, linux)")).toEqual(["prepare (3.12)"]);
    expect(needsOf("other (3.9)")).toEqual(["prepare (3.11)", "prepare (3.12)"]);
    expect(needsOf("build")).toEqual(["plain", "unit (3.11, linux)", "unit (3.12, linux)"]);
  });

  test("is done again by a part whose steps need it, at whatever distance, and by no other", () => {
    expect(prepared("unit (3.12, linux)")).toEqual(["prepare (3.12)"]);
    expect(prepared("deploy")).toEqual(["prepare (3.11)", "prepare (3.12)", "plain"]);
    expect(prepared("prepare (3.11)", "plain")).toEqual([]);
    expect(prepared()).toEqual([]);
  });
});
