import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { effectStep, step } from "./define.ts";
import type { EnvironmentDefinition, StepDefinition, StepEntry } from "./definition.ts";
import { makeBlueprint } from "./make-blueprint.ts";
import { fromEnvironment, fromFile, optional } from "./secret-sources.ts";
import { codesOf, problemsOf, projectOf } from "./testing/project.ts";

function project(
  stages: Record<string, readonly StepEntry[]>,
  environments: Record<string, EnvironmentDefinition> = {},
): unknown {
  return projectOf(stages, { environments });
}

/** An object with a member that only JSON can make. */
function named(value: unknown): never {
  return JSON.parse(`{"__proto__": ${JSON.stringify(value)}}`) as never;
}

const local = (port: number): EnvironmentDefinition => ({
  target: { kind: "processes", module: "greenlight/targets/processes", isLocal: true, options: { port } },
  branches: ["main"],
});

describe("a definition becomes a blueprint", () => {
  test("needs become names, and the steps of a stage stand after those they need", () => {
    const build = step("build", { run: "true", inputs: [] });
    const pack = step("pack", { run: "true", needs: { build } });
    const made = makeBlueprint(project({ build: [pack, build] }), "c");
    expect(made.ok && made.value.pipelines["delivery"]?.stages[0]?.steps.map((each) => each.name)).toEqual([
      "build",
      "pack",
    ]);
    expect(made.ok && made.value.pipelines["delivery"]?.stages[0]?.steps[1]?.needs).toEqual({ build: "build" });
  });

  test("a secret of an environment that is configuration too, or that Greenlight sets itself, is refused", () => {
    const build = step("build", { run: "true", inputs: [] });
    const production: EnvironmentDefinition = {
      ...local(8000),
      configuration: { A: "1" },
      secrets: { A: fromEnvironment("A_PROD"), PORT: fromFile("port"), B: optional(fromEnvironment("B_PROD")) },
    };
    expect(problemsOf(project({ build: [build] }, { production })).map((each) => each.place)).toEqual([
      "environments.production.secrets.A",
      "environments.production.secrets.PORT",
    ]);
  });

  test("a blueprint survives JSON unchanged", () => {
    const build = step("build", { run: "true", inputs: ["src/**"], outputs: { dist: "dist" }, packages: ["zod"] });
    const made = makeBlueprint(project({ build: [[build]] }, { production: local(8000) }), "c");
    expect(made.ok).toBe(true);
    expect(made.ok && JSON.parse(JSON.stringify(made.value))).toEqual(made.ok && made.value);
  });
});

describe("what is wrong with a definition is told, all at once", () => {
  test("a cycle is told with its way round", () => {
    const found = problemsOf(
      project({
        a: [
          step("build", { run: "x", needs: { test: "test" } }),
          step("test", { run: "x", needs: { build: "build" } }),
        ],
      }),
    );
    expect(found.map((each) => each.code)).toEqual(["PIPELINE_CYCLE"]);
    expect(found[0]?.message).toBe("build → test → build");
  });

  test("several different problems come together, each with its place", () => {
    const lost = step("lost", { run: "x" });
    const found = problemsOf(
      project({
        one: [step("a", { run: "x", needs: { lost } }), step("a", { run: "y" })],
        two: [step("b", { run: "x", outputs: { out: "../b" } }), step("c", { run: "x", needs: { later: "d" } })],
        three: [step("d", { run: "x" }), effectStep("e", { module: "./e.ts", export: "e", environment: "moon" })],
      }),
    );
    expect(found.map((each) => each.code).toSorted()).toEqual([
      "ENVIRONMENT_UNKNOWN",
      "STAGE_ORDER",
      "STEP_DUPLICATE_NAME",
      "STEP_OUTPUT_OUTSIDE",
      "STEP_UNKNOWN_NEED",
    ]);
    expect(found.find((each) => each.code === "STEP_UNKNOWN_NEED")?.place).toBe(
      'pipelines.delivery.stages.one["a"].needs.lost',
    );
  });

  test("another step of the same name is not the step that is needed", () => {
    const twin = step("a", { run: "x" });
    expect(codesOf(project({ one: [step("a", { run: "x" }), step("b", { run: "x", needs: { twin } })] }))).toEqual([
      "STEP_UNKNOWN_NEED",
    ]);
  });

  test("two steps can't write the same output, however it is spelt", () => {
    const one = step("a", { run: "x", outputs: { dist: "dist" } });
    const two = step("b", { run: "x", outputs: { all: "./dist/**" } });
    expect(codesOf(project({ s: [one, two] }))).toEqual(["STEP_OUTPUT_SHARED"]);
  });

  test("an output inside another step's output, or around its own inputs, is refused", () => {
    const outer = step("a", { run: "x", outputs: { out: "out" } });
    const inner = step("b", { run: "x", outputs: { model: "out/model/m.json" } });
    const beside = step("c", { run: "x", outputs: { other: "outer/model" } });
    expect(codesOf(project({ s: [inner, outer, beside] }))).toEqual(["STEP_OUTPUT_SHARED"]);
    const swallow = step("d", { run: "x", inputs: ["src/**"], outputs: { all: "src" } });
    expect(codesOf(project({ s: [swallow] }))).toEqual(["STEP_OUTPUT_SHARED"]);
    const below = step("e", { run: "x", inputs: ["src/**"], outputs: { one: "src/generated/x.ts" } });
    expect(codesOf(project({ s: [below] }))).toEqual([]);
  });

  test("a report outside the project is refused as an output would be", () => {
    const bad = step("a", { run: "x", evidence: [{ format: "sarif", path: "../lint.sarif", tool: "lint" }] });
    expect(codesOf(project({ s: [bad] }))).toEqual(["STEP_OUTPUT_OUTSIDE"]);
  });

  test("the whole project as an output is refused", () => {
    for (const path of [
      ".",
      "**",
      "./",
      "/etc",
      "C:\\x",
      "a/../../b",
      ".git",
      "./.greenlight/x",
      "node_modules",
      "node_modules/x/y",
      "greenlight.config.d/x",
      "*.json",
      "greenlight.config.ts",
    ]) {
      expect(codesOf(project({ s: [step("a", { run: "x", outputs: { all: path } })] }))).toEqual([
        "STEP_OUTPUT_OUTSIDE",
      ]);
    }
  });

  test("two local environments can't have one port", () => {
    expect(
      codesOf(project({ s: [step("a", { run: "x" })] }, { staging: local(8000), production: local(8000) })),
    ).toEqual(["PORT_SHARED"]);
  });

  test("a closure in place of a module is refused", () => {
    const bad = {
      ...step("a", { run: "x" }),
      action: { kind: "function", module: "./a.ts", export: "a", args: { call: () => 1 } },
    };
    expect(codesOf(project({ s: [bad as unknown as StepDefinition] }))).toEqual(["STEP_CLOSURE"]);
  });

  test("a name with a control character is refused, one in Korean is not", () => {
    expect(codesOf(project({ s: [step("a\u001b[2J", { run: "x" })] }))).toEqual(["STEP_NAME_INVALID"]);
    expect(codesOf(project({ s: [step('영화 "모델" 학습', { run: "x" })] }))).toEqual([]);
  });

  test("a name of a hundred characters is the longest, and padding is refused", () => {
    expect(codesOf(project({ s: [step("가".repeat(100), { run: "x" }), step("../a", { run: "x" })] }))).toEqual([]);
    for (const name of ["", " a", "a ", "a".repeat(101), "a\nb", "a\u2028b"])
      expect(codesOf(project({ s: [step(name, { run: "x" })] }))).toEqual(["STEP_NAME_INVALID"]);
  });

  test("a pipeline without steps, and a module that exports no project", () => {
    expect(codesOf(project({ s: [] }))).toEqual(["PIPELINE_EMPTY"]);
    expect(codesOf(undefined)).toEqual(["CONFIG_NOT_A_PROJECT"]);
    expect(codesOf({ name: "x" })[0]).toBe("CONFIG_NOT_A_PROJECT");
  });

  test("data that holds itself, at any depth, is a problem and not an endless walk", () => {
    const circle: Record<string, unknown> = { name: "x" };
    circle["one"] = circle;
    circle["two"] = { back: circle, again: [circle] };
    const bad = { ...step("a", { run: "x" }), action: { kind: "function", module: "m", export: "e", args: circle } };
    expect(codesOf(project({ s: [bad as unknown as StepDefinition] }))).toEqual(["CONFIG_INVALID"]);
    const target = { kind: "t", module: "m", isLocal: false, options: { circle } };
    const far = { target, branches: [] } as unknown as EnvironmentDefinition;
    expect(codesOf(project({ s: [step("a", { run: "x" })] }, { far }))).toEqual(["CONFIG_INVALID"]);
    // Nothing holds itself here, but written down it would be 2⁵⁰ values.
    let shared: unknown = 1;
    for (let depth = 0; depth < 50; depth += 1) shared = [shared, shared];
    const huge = { ...step("a", { run: "x" }), action: { kind: "function", module: "m", export: "e", args: shared } };
    expect(problemsOf(project({ s: [huge as unknown as StepDefinition] }))).toMatchObject([
      { code: "CONFIG_INVALID", message: "is too large, or holds itself" },
    ]);
  });

  test("the name __proto__, which would change an object instead of being a member of it, is refused", () => {
    expect(codesOf(project({ s: [step("a", { run: "x", outputs: named("out/a") })] }))).toEqual(["CONFIG_INVALID"]);
    expect(codesOf(project({ s: [step("a", { run: "x", needs: named("b") }), step("b", { run: "x" })] }))).toEqual([
      "CONFIG_INVALID",
    ]);
    expect(codesOf(project({ s: [step("a", { run: "x", variables: named("1") })] }))).toEqual(["CONFIG_INVALID"]);
  });

  test("anything at all in place of a step is a problem, never a crash", () => {
    fc.assert(
      fc.property(fc.array(fc.anything(), { minLength: 1, maxLength: 4 }), (entries) => {
        const hasStep = entries.flat(9).length > 0;
        const made = makeBlueprint(project({ s: entries as StepEntry[] }), "c");
        expect(made.ok).toBe(false);
        if (!made.ok && hasStep) for (const each of made.error) expect(each.remedy).not.toBe("");
      }),
      { numRuns: 300, seed: 20_260_101 },
    );
  });
});
