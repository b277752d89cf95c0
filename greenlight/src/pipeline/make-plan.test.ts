import { describe, expect, test } from "vitest";

import { onBranch, onEvent } from "./conditions.ts";
import { defineProject, effectStep, functionStep, pipeline, step } from "./define.ts";
import { makeBlueprint } from "./make-blueprint.ts";
import { makePlan } from "./make-plan.ts";
import { matrix } from "./matrix.ts";
import { environmentOf, namesOf, planOf, projectOf, stepsOf } from "./testing/project.ts";

const release = step("release", { run: "x" });
const staging = effectStep("deploy staging", { module: "m", export: "d", environment: "staging", needs: { release } });
const smoke = effectStep("smoke staging", {
  module: "m",
  export: "s",
  environment: "staging",
  needs: { deployment: staging },
});
const production = effectStep("deploy production", {
  module: "m",
  export: "d",
  environment: "production",
  needs: { release, smoke },
});
const health = effectStep("health", { module: "m", export: "h", needs: { staging, production } });
const shop = projectOf(
  { build: [release], deploy: [staging, smoke, production], after: [health] },
  {
    environments: {
      staging: environmentOf(["develop"]),
      production: environmentOf(["main"]),
      far: environmentOf(["main"], false),
    },
  },
);

describe("which environments a run deploys to", () => {
  test("main deploys to production only, and the needs of what fell away take its place", () => {
    const plan = planOf(shop, { branch: "main" });
    expect(namesOf(plan)).toEqual(["release", "deploy production", "health"]);
    expect(plan.stages[1]?.steps[0]?.needs).toEqual({ release: "release" });
    expect(plan.dropped.map((each) => each.step)).toEqual(["deploy staging", "smoke staging"]);
    expect(plan.dropped[0]?.why).toBe("staging takes no runs of branch main");
  });

  test("develop deploys to staging only", () => {
    expect(namesOf(planOf(shop, { branch: "develop" }))).toEqual([
      "release",
      "deploy staging",
      "smoke staging",
      "health",
    ]);
  });

  test("a pull request, and a branch that no environment takes, deploy nowhere", () => {
    expect(namesOf(planOf(shop, { kind: "pull-request" }))).toEqual(["release"]);
    expect(namesOf(planOf(shop, { branch: "feature" }))).toEqual(["release"]);
    expect(namesOf(planOf(shop, { branch: null }))).toEqual(["release"]);
    expect(planOf(shop, { branch: null }).dropped.at(-1)).toEqual({
      step: "health",
      why: "all that it is about fell away",
    });
  });

  test("`up` takes all environments of this machine and no other, whatever the branch", () => {
    const plan = planOf(shop, { branch: "feature" }, "local");
    expect(Object.keys(plan.environments)).toEqual(["staging", "production"]);
    expect(namesOf(plan)).toEqual(["release", "deploy staging", "smoke staging", "deploy production", "health"]);
  });
});

describe("a step with a condition", () => {
  const tests = step("tests", { run: "x" });
  const slow = step("slow tests", { run: "x", when: onBranch("main", "release/*"), needs: { tests } });
  const nightly = step("nightly tests", { run: "x", when: onEvent("schedule"), needs: { slow } });
  const pack = step("pack", { run: "x", needs: { slow, nightly } });
  const project = projectOf({ test: [tests, slow, nightly], build: [pack] });

  test("stays when it holds and else falls away with its reason", () => {
    expect(namesOf(planOf(project, { branch: "release/2" }))).toEqual(["tests", "slow tests", "pack"]);
    const plan = planOf(project, { branch: "develop" });
    expect(namesOf(plan)).toEqual(["tests", "pack"]);
    expect(plan.dropped).toEqual([
      { step: "slow tests", why: "runs only on branch main or release/*" },
      { step: "nightly tests", why: "runs only on a schedule" },
    ]);
  });

  test("its needs take its place, through all that fell away", () => {
    expect(stepsOf(planOf(project, { branch: "develop" })).at(-1)?.needs).toEqual({ tests: "tests" });
    expect(stepsOf(planOf(project)).at(-1)?.needs).toEqual({ slow: "slow tests" });
  });

  test("two heirs of one alias are both kept, and an alias that the step has keeps its meaning", () => {
    const [one, two, own] = ["one", "two", "own"].map((name) => step(name, { run: "x" }));
    if (one === undefined || two === undefined || own === undefined) throw new Error("three steps");
    const when = onBranch("elsewhere");
    const first = step("first", { run: "x", when, needs: { data: one } });
    const second = step("second", { run: "x", when, needs: { data: two, own: one } });
    const last = step("last", { run: "x", needs: { first, second, own } });
    const plan = planOf(projectOf({ s: [one, two, own, first, second, last] }));
    expect(stepsOf(plan).at(-1)?.needs).toEqual({
      own: "own",
      data: "one",
      "second.data": "two",
      "second.own": "one",
    });
  });
});

describe("a step with a matrix", () => {
  const models = functionStep("train", {
    module: "./train.ts",
    export: "train",
    args: { folder: "out/{matrix.node}", node: "{matrix.node}", list: ["{matrix.os}!", 1, null, "{x}"] },
    inputs: ["src/{matrix.os}/**"],
    outputs: { model: "out/{matrix.node}-{matrix.os}/model" },
    evidence: [{ format: "junit", path: "reports/{matrix.node}-{matrix.os}.xml", tool: "{matrix.os}" }],
    variables: { SEED: "1" },
    matrix: matrix({ node: [22, 24], os: ["linux"] }, { failFast: false, maxParallel: 1 }),
  });
  const gate = step("gate", { run: "echo {matrix}", needs: { models } });

  test("is planned once for every combination, with its values in paths, arguments and variables", () => {
    const plan = planOf(projectOf({ s: [models, gate] }));
    expect(namesOf(plan)).toEqual(["train (22, linux)", "train (24, linux)", "gate"]);
    expect(stepsOf(plan)[1]).toMatchObject({
      action: { args: { folder: "out/24", node: "24", list: ["linux!", 1, null, "{x}"] } },
      inputs: ["src/linux/**"],
      outputs: { model: "out/24-linux/model" },
      evidence: [{ path: "reports/24-linux.xml", tool: "{matrix.os}" }],
      variables: { SEED: "1", MATRIX_NODE: "24", MATRIX_OS: "linux" },
      matrix: { of: "train", values: { node: 24, os: "linux" }, failFast: false, maxParallel: 1 },
      skip: null,
    });
  });

  test("a need on it is a need on each combination", () => {
    expect(stepsOf(planOf(projectOf({ s: [models, gate] }))).at(-1)?.needs).toEqual({
      "models[22, linux]": "train (22, linux)",
      "models[24, linux]": "train (24, linux)",
    });
  });

  test("of a single combination the alias stays", () => {
    const single = step("train", { run: "x", matrix: matrix({ node: [22] }) });
    const after = step("after", { run: "x", needs: { single } });
    expect(stepsOf(planOf(projectOf({ s: [single, after] }))).at(-1)?.needs).toEqual({ single: "train (22)" });
  });

  test("each combination needs each combination of another matrix", () => {
    const os = step("os", { run: "x", matrix: matrix({ os: ["a", "b"] }) });
    const both = step("both", { run: "x", matrix: matrix({ node: [1, 2] }), needs: { os } });
    const plan = planOf(projectOf({ s: [os, both] }));
    for (const each of stepsOf(plan).slice(2)) expect(each.needs).toEqual({ "os[a]": "os (a)", "os[b]": "os (b)" });
  });

  test("the shell line stays as it is, so that a value can't become a part of it", () => {
    const line = step("line", { run: "echo {matrix.os}", matrix: matrix({ os: ["$(reboot)"] }) });
    const [planned] = stepsOf(planOf(projectOf({ s: [line] })));
    expect(planned?.action).toEqual({ kind: "command", command: "echo {matrix.os}" });
    expect(planned?.variables).toEqual({ MATRIX_OS: "$(reboot)" });
  });

  test("a key that only some combinations have is empty in the others", () => {
    const flavoured = step("pack", {
      run: "x",
      outputs: { out: "out/{matrix.os}{matrix.flavour}" },
      matrix: matrix({ os: ["a", "b"] }, { include: [{ os: "b", flavour: "-mild" }] }),
    });
    const outputs = stepsOf(planOf(projectOf({ s: [flavoured] }))).map((each) => each.outputs["out"]);
    expect(outputs).toEqual(["out/a", "out/b-mild"]);
  });

  test("that excludes everything stays as one step that can't run, and what needs it still does", () => {
    const none = step("none", { run: "x", matrix: matrix({ os: ["a"] }, { exclude: [{ os: "a" }] }) });
    const after = step("after", { run: "x", needs: { none } });
    const [skipped, last] = stepsOf(planOf(projectOf({ s: [none, after] })));
    expect(skipped).toMatchObject({ name: "none", matrix: null, skip: "its matrix excludes every combination" });
    expect(last?.needs).toEqual({ none: "none" });
  });

  test("that falls away falls away as one", () => {
    const only = step("only", { run: "x", when: onBranch("x"), matrix: matrix({ os: ["a", "b"] }), needs: { models } });
    const after = step("after", { run: "x", needs: { only } });
    const plan = planOf(projectOf({ s: [models, only, after] }));
    expect(plan.dropped).toEqual([{ step: "only", why: "runs only on branch x" }]);
    expect(Object.values(stepsOf(plan).at(-1)?.needs ?? {})).toEqual(["train (22, linux)", "train (24, linux)"]);
  });

  test("two of thousands of combinations can't need each other, even by way of a step that falls away", () => {
    const numbers = Array.from({ length: 1100 }, (_, index) => index);
    const wide = step("wide", { run: "x", matrix: matrix({ n: numbers }) });
    const between = step("between", { run: "x", when: onBranch("x"), needs: { wide } });
    const again = step("again", { run: "x", matrix: matrix({ n: numbers }), needs: { between } });
    const made = makeBlueprint(projectOf({ s: [wide, between, again] }), "c");
    if (!made.ok) throw new Error(JSON.stringify(made.error));
    const trigger = { kind: "push", branch: "main", commit: null, isDirty: false, who: "kim" } as const;
    const planned = makePlan(made.value, { pipeline: "delivery", trigger, selection: "branch" });
    expect(planned.ok ? [] : planned.error.map((each) => each.code)).toEqual(["MATRIX_TOO_LARGE"]);
  });
});

test("a concurrency group has the name that it comes to for this run", () => {
  const groups = [
    ["{pipeline}/{branch}", "feature/{pipeline}", "delivery/feature/{pipeline}"],
    ["{branch}", null, "detached"],
    ["deployments", "main", "deployments"],
  ] as const;
  for (const [group, branch, expected] of groups) {
    const project = defineProject({
      name: "shop",
      pipelines: { delivery: pipeline({ stages: { s: [release] }, concurrency: { group, whenBusy: "queue" } }) },
    });
    expect(planOf(project, { branch }).concurrency).toEqual({ group: expected, whenBusy: "queue" });
  }
});

test("a pipeline that does not exist is told with those that do, also when it has the name of a method", () => {
  const made = makeBlueprint(shop, "c");
  if (!made.ok) throw new Error("no blueprint");
  const trigger = { kind: "push", branch: "main", commit: null, isDirty: false, who: "kim" } as const;
  for (const name of ["nightly", "constructor"]) {
    const planned = makePlan(made.value, { pipeline: name, trigger, selection: "branch" });
    expect(planned.ok ? "" : planned.error[0]?.message).toBe("the project has no such pipeline; known: delivery");
  }
});

test("names with spaces, quotes, Korean or ../ are names like others", () => {
  const names = ['영화 "모델" 학습', "../../etc/passwd", "it's a <b>", "a/b\\c", "$(x) `y`", "🎬"];
  const steps = names.map((name) => step(name, { run: "x", matrix: matrix({ 축: ["값"] } as never) }));
  expect(() => planOf(projectOf({ s: steps }))).toThrow("letters, digits");
  const legal = names.map((name) => step(name, { run: "x", matrix: matrix({ os: ["../리눅스"] }) }));
  expect(namesOf(planOf(projectOf({ s: legal })))).toEqual(names.map((name) => `${name} (../리눅스)`));
});
