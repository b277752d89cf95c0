import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { combinationName, combinationsOf } from "./combinations.ts";
import { allOf, anyOf, not, onBranch, onEvent } from "./conditions.ts";
import { defineProject, effectStep, pipeline, step } from "./define.ts";
import type { Condition, Matrix, ProjectDefinition, StepDefinition } from "./definition.ts";
import { makeBlueprint } from "./make-blueprint.ts";
import { makePlan } from "./make-plan.ts";
import { matrix } from "./matrix.ts";
import type { Plan, PlannedStep, RunTrigger } from "./plan.ts";
import { environmentOf, stepsOf } from "./testing/project.ts";

const BRANCHES = ["main", "develop", "release/1", null] as const;

const condition: fc.Arbitrary<Condition> = fc.letrec<{ any: Condition }>((tie) => ({
  any: fc.oneof(
    { maxDepth: 2 },
    fc.constantFrom("main", "develop", "release/*", "**").map((pattern) => onBranch(pattern)),
    fc.constantFrom("push" as const, "pull-request" as const).map((event) => onEvent(event)),
    tie("any").map(not),
    fc.array(tie("any"), { minLength: 1, maxLength: 2 }).map((each) => allOf(...each)),
    fc.array(tie("any"), { minLength: 1, maxLength: 2 }).map((each) => anyOf(...each)),
  ),
})).any;

type Entry = Matrix["include"][number];

const someMatrix: fc.Arbitrary<Matrix> = fc
  .record({
    os: fc.subarray(["linux", "mac"], { minLength: 1 }),
    node: fc.subarray([22, 24], { minLength: 1 }),
    exclude: fc.subarray<Entry>([{ os: "linux" }, { os: "mac", node: 22 }]),
    include: fc.subarray<Entry>([{ os: "linux", extra: "x" }, { os: "win" }]),
  })
  .map(({ os, node, exclude, include }) => matrix({ os, node }, { exclude, include }));

/** One in two has it: `freq` is of how many one is nothing. */
function often<Value>(arbitrary: fc.Arbitrary<Value>): fc.Arbitrary<Value | undefined> {
  return fc.option(arbitrary, { nil: undefined, freq: 2 });
}

const part = fc.record({
  needs: fc.array(fc.nat(), { maxLength: 3 }),
  aliases: fc.array(fc.constantFrom("a", "b", "c"), { minLength: 3, maxLength: 3 }),
  matrix: often(someMatrix),
  when: often(condition),
  environment: often(fc.constantFrom("staging", "production")),
  stage: fc.nat(2),
});

/** Steps that need only earlier ones, in three stages and shown in any order within each. */
const someProject: fc.Arbitrary<ProjectDefinition> = fc
  .array(part, { minLength: 1, maxLength: 12 })
  .chain((parts) => fc.tuple(fc.constant(parts), fc.shuffledSubarray(parts, { minLength: parts.length })))
  .map(([parts, shown]) => {
    const steps: StepDefinition[] = [];
    const inOrder = parts.toSorted((left, right) => left.stage - right.stage);
    for (const [index, each] of inOrder.entries()) {
      const needs: Record<string, StepDefinition> = {};
      for (const [place, need] of each.needs.entries()) {
        const needed = steps[need % Math.max(1, index)];
        if (needed !== undefined) needs[each.aliases[place] ?? ""] = needed;
      }
      const options = {
        needs,
        ...(each.matrix === undefined ? {} : { matrix: each.matrix }),
        ...(each.when === undefined ? {} : { when: each.when }),
      };
      steps.push(
        each.environment === undefined
          ? step(`s${index}`, { run: "x", ...options })
          : effectStep(`s${index}`, { module: "m", export: "e", environment: each.environment, ...options }),
      );
    }
    const stage = (number: number): StepDefinition[] =>
      shown.filter((each) => each.stage === number).flatMap((each) => steps[inOrder.indexOf(each)] ?? []);
    return defineProject({
      name: "shop",
      environments: { staging: environmentOf(["develop"]), production: environmentOf(["main"]) },
      pipelines: { delivery: pipeline({ stages: { a: stage(0), b: stage(1) }, finally: stage(2) }) },
    });
  });

const someTrigger: fc.Arbitrary<RunTrigger> = fc.record({
  kind: fc.constantFrom("manual" as const, "push" as const, "pull-request" as const, "schedule" as const),
  branch: fc.constantFrom(...BRANCHES),
  commit: fc.constant(null),
  isDirty: fc.constant(false),
  who: fc.constant("kim"),
});

function planned(project: ProjectDefinition, trigger: RunTrigger): Plan {
  const made = makeBlueprint(project, "c");
  if (!made.ok) throw new Error(JSON.stringify(made.error));
  const before = JSON.stringify(made.value);
  const options = { pipeline: "delivery", trigger, selection: "branch" } as const;
  const first = makePlan(made.value, options);
  if (!first.ok) throw new Error(JSON.stringify(first.error));
  expect(makePlan(made.value, options)).toEqual(first);
  expect(JSON.stringify(made.value)).toBe(before);
  expect(JSON.parse(before)).toEqual(made.value);
  return first.value;
}

/** The steps of the project by name. */
function definedIn(project: ProjectDefinition): Map<string, StepDefinition> {
  const { stages, finally: last } = project.pipelines["delivery"] ?? pipeline({ stages: {} });
  const all = [...Object.values(stages).flat(), ...last].flat(9) as StepDefinition[];
  return new Map(all.map((each) => [each.name, each]));
}

/** Names in the plan of a step that stays. */
function namesOf(defined: StepDefinition): string[] {
  if (defined.matrix === null) return [defined.name];
  const combinations = combinationsOf(defined.matrix);
  return combinations.length === 0 ? [defined.name] : combinations.map((each) => combinationName(defined.name, each));
}

/** What a step needs when those that fell away are replaced by what they need, on and on. */
function heirsOf(defined: StepDefinition, dropped: ReadonlySet<string>): StepDefinition[] {
  return Object.values(defined.needs).flatMap((need) => {
    if (typeof need === "string") throw new Error("by value only");
    return dropped.has(need.name) ? heirsOf(need, dropped) : [need];
  });
}

describe("any plan", () => {
  test("is the same for the same blueprint, which it leaves as it was, and holds each step once", () => {
    fc.assert(
      fc.property(someProject, someTrigger, (project, trigger) => {
        const plan = planned(project, trigger);
        const names = stepsOf(plan).map((each) => each.name);
        expect(new Set(names).size).toBe(names.length);
        const dropped = new Set(plan.dropped.map((each) => each.step));
        const kept = [...definedIn(project).values()].filter((each) => !dropped.has(each.name));
        expect(names.toSorted()).toEqual(kept.flatMap(namesOf).toSorted());
      }),
      { numRuns: 300, seed: 20_260_101 },
    );
  });

  test("has each step after all that it needs, and no need that is not in it", () => {
    fc.assert(
      fc.property(someProject, someTrigger, (project, trigger) => {
        const before = new Set<string>();
        for (const each of stepsOf(planned(project, trigger))) {
          for (const need of Object.values(each.needs)) expect(before).toContain(need);
          before.add(each.name);
        }
      }),
      { numRuns: 300, seed: 20_260_102 },
    );
  });

  test("has as needs of a step exactly what is left of those defined, through all that fell away, in every combination", () => {
    let replaced = 0;
    fc.assert(
      fc.property(someProject, someTrigger, (project, trigger) => {
        const plan = planned(project, trigger);
        const dropped = new Set(plan.dropped.map((each) => each.step));
        const defined = definedIn(project);
        for (const each of stepsOf(plan)) {
          const origin = defined.get(originOf(each));
          if (origin === undefined) throw new Error(`${each.name} was not defined`);
          const expected = new Set(heirsOf(origin, dropped).flatMap(namesOf));
          expect(new Set(Object.values(each.needs))).toEqual(expected);
          replaced += Object.values(origin.needs).some((need) => typeof need !== "string" && dropped.has(need.name))
            ? 1
            : 0;
        }
      }),
      { numRuns: 500, seed: 20_260_103 },
    );
    expect(replaced).toBeGreaterThan(50);
  });
});

function originOf(each: PlannedStep): string {
  return each.matrix?.of ?? each.name;
}
