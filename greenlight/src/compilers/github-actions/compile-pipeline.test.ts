import { describe, expect, test } from "vitest";

import { defineProject, effectStep, pipeline, pullRequest, push, step } from "../../pipeline/define.ts";
import { renderWorkflow } from "./render-workflow.ts";
import {
  compile,
  deployProduction,
  deployStaging,
  environment,
  environments,
  jobsOf,
  runLineOf,
  shop,
  unit,
} from "./testing/shop.ts";

test("a project with everything compiles to this workflow", async () => {
  const project = defineProject({
    name: "shop",
    environments,
    secrets: { TMDB_API_KEY: { from: "environment", variable: "TMDB_API_KEY_DEV" } },
    pipelines: {
      delivery: pipeline({
        on: [push("main", "develop"), pullRequest("main")],
        concurrency: { group: "{pipeline}-{branch}", whenBusy: "cancel-older" },
        stages: {
          품질: [
            step("lint", { run: "x" }),
            step("only on main", { run: "x", when: { kind: "branch", patterns: ["main"] } }),
          ],
          test: [unit, step("integration", { run: "x" }), step("merge coverage", { run: "x", needs: { unit } })],
          deploy: [deployStaging, deployProduction],
          after: [effectStep("health", { module: "m", export: "h", needs: { deployStaging, deployProduction } })],
        },
        finally: [effectStep("report", { module: "m", export: "r" })],
      }),
    },
  });
  const compiled = compile(project);
  await expect(renderWorkflow(compiled, "shop/greenlight.config.ts")).toMatchFileSnapshot("testing/shop.workflow.yml");
});

describe("jobs", () => {
  test("a stage is a job that waits for the stage before", () => {
    const jobs = jobsOf(shop({ quality: [step("a", { run: "x" })], test: [step("b", { run: "x" })] }));
    expect(Object.keys(jobs)).toEqual(["quality", "test"]);
    expect(jobs["test"]?.needs).toEqual(["quality"]);
    expect(runLineOf(jobs["test"])).toMatch(
      /^npx --no-install greenlight run delivery --project shop --stage test --run /u,
    );
  });

  test("a matrix is a job of its own, and what waits for it in the same stage another one", () => {
    const jobs = jobsOf(
      shop(
        { test: [unit, step("integration", { run: "x" }), step("merge", { run: "x", needs: { unit } })] },
        { secrets: { TMDB_API_KEY: { from: "environment" } } },
      ),
    );
    expect(Object.keys(jobs)).toEqual(["test-unit-tests", "test", "test-2"]);
    expect(jobs["test-unit-tests"]?.strategy).toEqual({
      "fail-fast": false,
      "max-parallel": 2,
      matrix: { node: [22, "24"], os: ["linux", "mac"], exclude: [{ node: 22, os: "mac" }] },
    });
    expect(jobs["test-2"]?.needs).toEqual(["test-unit-tests"]);
    expect(runLineOf(jobs["test"])).toContain("--stage test --step integration --run");
    expect(runLineOf(jobs["test-unit-tests"])).toContain(`--step 'unit tests' --matrix "$GREENLIGHT_MATRIX" --run`);
  });

  test("stages around environments of one machine are one job, others are not", () => {
    const between = step("between", { run: "x" });
    const after = effectStep("health", { module: "m", export: "h", needs: { deployStaging } });
    const stages = {
      build: [step("b", { run: "x" })],
      deploy: [deployStaging],
      between: [between],
      after: [after],
      last: [step("l", { run: "x" })],
    };
    const near = jobsOf(shop(stages, { environments }));
    expect(Object.keys(near)).toEqual(["build", "deploy-between-after", "last"]);
    expect(runLineOf(near["deploy-between-after"])).toContain("--stage deploy --stage between --stage after --run");
    const far = jobsOf(shop(stages, { environments: { staging: environment(["develop"], { isLocal: false }) } }));
    expect(Object.keys(far)).toEqual(["build", "deploy", "between", "after", "last"]);
  });

  test("an environment with an approval has a job that GitHub asks for, and the other branches have one without", () => {
    const jobs = jobsOf(shop({ deploy: [deployStaging, deployProduction] }, { environments }));
    expect(jobs["deploy-production"]).toMatchObject({
      environment: "production",
      if: "github.event_name != 'pull_request' && github.ref_name == 'main'",
    });
    expect(jobs["deploy"]).toMatchObject({
      environment: null,
      if: "github.event_name != 'pull_request' && github.ref_name == 'develop'",
    });
  });

  test("a stage that does more than to deploy runs on every branch, in exactly one of its jobs", () => {
    const jobs = jobsOf(shop({ deploy: [deployProduction, step("tell", { run: "x" })] }, { environments }));
    expect(jobs["deploy"]?.if).toBe("!(github.event_name != 'pull_request' && github.ref_name == 'main')");
    expect(jobs["deploy-production"]?.if).toBe("github.event_name != 'pull_request' && github.ref_name == 'main'");
  });

  test("what comes after a job that may be skipped asks for no failure instead of success", () => {
    const jobs = jobsOf(
      shop({
        one: [step("a", { run: "x", when: { kind: "event", events: ["push"] } })],
        two: [step("b", { run: "x" })],
        three: [step("c", { run: "x" })],
      }),
    );
    expect([jobs["one"]?.if, jobs["two"]?.if, jobs["three"]?.if]).toEqual([
      "github.event_name == 'push'",
      "!failure() && !cancelled()",
      "!failure() && !cancelled()",
    ]);
  });

  test("steps that run after a failure are a job that runs after a failure", () => {
    const jobs = jobsOf(
      shop({
        build: [step("a", { run: "x" })],
        clean: [
          step("undo", { run: "x", after: "failure" }),
          step("tidy", { run: "x", after: "always" }),
          step("b", { run: "x" }),
        ],
      }),
    );
    expect(Object.values(jobs).map((job) => [job.name, job.if])).toEqual([
      ["build", null],
      ["clean: undo", "failure()"],
      ["clean: tidy", "!cancelled()"],
      ["clean: b", null],
    ]);
  });

  test("secrets stand at the run only, under the name that GitHub keeps them by", () => {
    const jobs = jobsOf(
      shop(
        { test: [step("a", { run: "x", secrets: ["KEY", "FILE"] })] },
        { secrets: { KEY: { from: "environment", variable: "KEY_DEV" }, FILE: { from: "file", path: "x" } } },
      ),
    );
    const named = jobs["test"]?.steps.filter((each) => JSON.stringify(each).includes("secrets."));
    expect(named).toHaveLength(1);
    expect(named?.[0]).toMatchObject({ name: "Run", env: { KEY_DEV: "${{ secrets.KEY_DEV }}" } });
  });

  test("ids are made of what is left of a name, and are never alike", () => {
    const jobs = jobsOf(
      shop({
        빌드: [step("a", { run: "x" })],
        "it's": [step("b", { run: "x" })],
        "It S": [step("c", { run: "x" })],
        "1 last": [step("d", { run: "x" })],
      }),
    );
    expect(Object.keys(jobs)).toEqual(["stage-1", "it-s", "it-s-2", "job-1-last"]);
    expect(jobs["stage-1"]?.name).toBe("빌드");
    expect(runLineOf(jobs["it-s"])).toContain(String.raw`--stage 'it'\''s' --run`);
  });

  test("no text of a definition is evaluated by GitHub", () => {
    const name = "a ${{ secrets.KEY }} b";
    const jobs = jobsOf(shop({ [name]: [step(name, { run: "x" })] }));
    expect(Object.values(jobs)[0]?.name).toBe("a ${{ '${{' }} secrets.KEY }} b");
    expect(runLineOf(Object.values(jobs)[0])).toContain("--stage 'a ${{ '${{' }} secrets.KEY }} b' --run");
  });

  test("a job ends after the deadlines of its steps and the time to set up, at the latest after six hours", () => {
    expect([minutes(90_000), minutes(24 * 3_600_000)]).toEqual([17, 360]);
  });
});

function minutes(timeoutMs: number): number | undefined {
  return jobsOf(shop({ test: [step("a", { run: "x", timeoutMs })] }))["test"]?.["timeout-minutes"];
}
