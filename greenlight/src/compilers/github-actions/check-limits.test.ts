import { describe, expect, test } from "vitest";

import { defineProject, effectStep, pipeline, step } from "../../pipeline/define.ts";
import type { Matrix } from "../../pipeline/definition.ts";
import { compileOrRefuse, environment, jobsOf, runLineOf, shop } from "./testing/shop.ts";

describe("what GitHub refuses is refused here", () => {
  test("a matrix of 257 jobs; one of 256 passes", () => {
    expect(compileOrRefuse(shop({ test: [step("a", { run: "x", matrix: many(257) })] }))).toEqual([
      expect.objectContaining({
        code: "COMPILE_MATRIX_TOO_LARGE",
        place: 'pipelines.delivery.stages.test["a"].matrix',
        message: expect.stringContaining("257"),
      }),
    ]);
    expect(compileOrRefuse(shop({ test: [step("a", { run: "x", matrix: many(256) })] }))).toHaveProperty("jobs");
  });

  test("a matrix that excludes everything is left to Greenlight, which says so and does not pass", () => {
    const matrix = { axes: { n: [1, 2] }, exclude: [{ n: 1 }, { n: 2 }] };
    const jobs = jobsOf(shop({ test: [step("none", { run: "x", matrix }), step("b", { run: "x" })] }));
    expect(Object.keys(jobs)).toEqual(["test"]);
    expect(jobs["test"]?.strategy).toBeNull();
    expect(runLineOf(jobs["test"])).toContain("--stage test --run");
  });

  test("two approvals for one job, a stage that is called finally, a schedule of six fields, a name that GitHub keeps", () => {
    const both = { a: environment(["main"], { approval: {} }), b: environment(["main"], { approval: {} }) };
    const effects = ["a", "b"].map((name) => effectStep(name, { module: "m", export: "d", environment: name }));
    expect(compileOrRefuse(shop({ deploy: effects }, { environments: both }))).toMatchObject([
      { code: "COMPILE_APPROVALS_SHARED" },
    ]);
    expect(compileOrRefuse(shop({ finally: [step("a", { run: "x" })] }))).toMatchObject([
      { code: "COMPILE_UNSUPPORTED" },
    ]);
    const six = pipeline({
      on: [{ kind: "schedule", cron: "0 0 0 * * *" }],
      stages: { test: [step("a", { run: "x" })] },
    });
    expect(compileOrRefuse(defineProject({ name: "shop", pipelines: { six } }))).toMatchObject([
      { code: "COMPILE_UNSUPPORTED" },
    ]);
    const secrets = { GITHUB_KEY: { from: "environment" as const } };
    expect(
      compileOrRefuse(shop({ test: [step("a", { run: "x", secrets: ["GITHUB_KEY"] })] }, { secrets })),
    ).toMatchObject([{ code: "COMPILE_UNSUPPORTED" }]);
  });
});

function many(count: number): Partial<Matrix> {
  return { axes: { n: Array.from({ length: count }, (_each, index) => index) } };
}
