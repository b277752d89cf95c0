import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";

import type { Problem } from "../../base/problem.ts";
import type { Blueprint } from "../../pipeline/blueprint.ts";
import { defineProject, effectStep, pipeline, pullRequest, push, step } from "../../pipeline/define.ts";
import type { EnvironmentDefinition, Matrix, ProjectDefinition, StepDefinition } from "../../pipeline/definition.ts";
import { makeBlueprint } from "../../pipeline/make-blueprint.ts";
import type { Checkout } from "./checkout.ts";
import { compilePipeline } from "./compile-pipeline.ts";
import { renderWorkflow } from "./render-workflow.ts";
import { splitJobs, type JobPart } from "./split-jobs.ts";
import { actionlint, findActionlint } from "./testing/actionlint.ts";
import { anyProject } from "./testing/any-project.ts";
import { readWorkflow } from "./testing/read-workflow.ts";
import type { Workflow, WorkflowJob } from "./workflow.ts";

const CHECKOUT: Checkout = { installFolder: ".", project: "shop", install: "npm ci" };
const RUNS = process.env["GREENLIGHT_HEAVY"] === "1" ? 600 : 30;
const linter = findActionlint();
const scratch = mkdtempSync(join(tmpdir(), "greenlight-workflows-"));

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

function blueprintOf(project: ProjectDefinition): Blueprint {
  const made = makeBlueprint(project, "c");
  if (!made.ok) throw new Error(JSON.stringify(made.error));
  return made.value;
}

function compile(project: ProjectDefinition): Workflow | readonly Problem[] {
  const blueprint = blueprintOf(project);
  const [first] = Object.values(blueprint.pipelines);
  if (first === undefined) throw new Error("no pipeline");
  const compiled = compilePipeline(blueprint, first, CHECKOUT);
  return compiled.ok ? compiled.value : compiled.error;
}

function jobsOf(project: ProjectDefinition): Readonly<Record<string, WorkflowJob>> {
  const compiled = compile(project);
  if (!("jobs" in compiled)) throw new Error(JSON.stringify(compiled));
  return compiled.jobs;
}

function shop(
  stages: Parameters<typeof pipeline>[0]["stages"],
  more: Partial<Parameters<typeof defineProject>[0]> = {},
) {
  return defineProject({ name: "shop", pipelines: { delivery: pipeline({ on: [push("main")], stages }) }, ...more });
}

function environment(
  branches: string[],
  more: Partial<EnvironmentDefinition & { isLocal: boolean }> = {},
): EnvironmentDefinition {
  const { isLocal = true, ...rest } = more;
  return { target: { kind: "t", module: "m", isLocal, options: {} }, branches, ...rest };
}

function runLineOf(job: WorkflowJob | undefined): string {
  return job?.steps.flatMap((each) => ("run" in each && each.name === "Run" ? [each.run] : [])).join() ?? "";
}

const unit = step("unit tests", {
  run: "x",
  matrix: {
    axes: { node: [22, "24"], os: ["linux", "mac"] },
    exclude: [{ node: 22, os: "mac" }],
    maxParallel: 2,
    failFast: false,
  },
  secrets: ["TMDB_API_KEY"],
});
const deployStaging = effectStep("deploy staging", { module: "m", export: "d", environment: "staging" });
const deployProduction = effectStep("deploy production", { module: "m", export: "d", environment: "production" });
const environments = {
  staging: environment(["develop"]),
  production: environment(["main"], { approval: { expiresAfter: "24h" } }),
};

function minutes(timeoutMs: number): number | undefined {
  return jobsOf(shop({ test: [step("a", { run: "x", timeoutMs })] }))["test"]?.["timeout-minutes"];
}

function many(count: number): Partial<Matrix> {
  return { axes: { n: Array.from({ length: count }, (_each, index) => index) } };
}

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
  if (!("jobs" in compiled)) throw new Error(JSON.stringify(compiled));
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

describe("a project that tells GitHub of its deployments", () => {
  const project = shop(
    { test: [step("a", { run: "x" })], deploy: [deployStep("staging"), deployStep("production")] },
    {
      environments: {
        staging: environment(["develop"], { isLocal: false, secrets: secretsWith("DEV") }),
        production: environment(["main"], { isLocal: false, approval: {}, secrets: secretsWith("PROD") }),
      },
      codeHost: { kind: "github", module: "greenlight/codehosts/github", options: {} },
    },
  );

  test("lets only the jobs that deploy write deployments, and GitHub makes none of its own", () => {
    const jobs = Object.values(jobsOf(project));
    const told = jobs.map(({ permissions, environment: of }) => ({ permissions, of }));
    expect(told).toEqual([
      { permissions: null, of: null },
      { permissions: { contents: "read", deployments: "write" }, of: null },
      {
        permissions: { contents: "read", actions: "read", deployments: "write" },
        of: { name: "production", deployment: false },
      },
    ]);
  });

  test("gives each job the secrets of its own environment", () => {
    const variables = Object.values(jobsOf(project)).map((job) => {
      const run = job.steps.find((each) => each.name === "Run");
      return Object.keys(run !== undefined && "env" in run ? run.env : {}).filter((name) => name.startsWith("TMDB_"));
    });
    expect(variables.slice(0, 3)).toEqual([[], ["TMDB_API_KEY_DEV"], ["TMDB_API_KEY_PROD"]]);
  });

  test.skipIf(linter === null)(`actionlint accepts it${linter === null ? " (skipped: no actionlint)" : ""}`, () => {
    const compiled = compile(project);
    if (!("jobs" in compiled)) throw new Error(JSON.stringify(compiled));
    const path = join(scratch, "deployments.yml");
    writeFileSync(path, renderWorkflow(compiled, "greenlight.config.ts"));
    expect(actionlint(linter ?? "", [path])).toBe("");
  });
});

describe("what GitHub refuses is refused here", () => {
  test("a matrix of 257 jobs; one of 256 passes", () => {
    expect(compile(shop({ test: [step("a", { run: "x", matrix: many(257) })] }))).toEqual([
      expect.objectContaining({
        code: "COMPILE_MATRIX_TOO_LARGE",
        place: 'pipelines.delivery.stages.test["a"].matrix',
        message: expect.stringContaining("257"),
      }),
    ]);
    expect(compile(shop({ test: [step("a", { run: "x", matrix: many(256) })] }))).toHaveProperty("jobs");
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
    expect(compile(shop({ deploy: effects }, { environments: both }))).toMatchObject([
      { code: "COMPILE_APPROVALS_SHARED" },
    ]);
    expect(compile(shop({ finally: [step("a", { run: "x" })] }))).toMatchObject([{ code: "COMPILE_UNSUPPORTED" }]);
    const six = pipeline({
      on: [{ kind: "schedule", cron: "0 0 0 * * *" }],
      stages: { test: [step("a", { run: "x" })] },
    });
    expect(compile(defineProject({ name: "shop", pipelines: { six } }))).toMatchObject([
      { code: "COMPILE_UNSUPPORTED" },
    ]);
    const secrets = { GITHUB_KEY: { from: "environment" as const } };
    expect(compile(shop({ test: [step("a", { run: "x", secrets: ["GITHUB_KEY"] })] }, { secrets }))).toMatchObject([
      { code: "COMPILE_UNSUPPORTED" },
    ]);
  });
});

describe("any project", { timeout: 240_000 }, () => {
  test("each step is in one job, and what it needs in the same or one before", () => {
    fc.assert(
      fc.property(anyProject, (project) => {
        const made = makeBlueprint(project, "c");
        fc.pre(made.ok);
        const delivery = made.value.pipelines["delivery"];
        if (delivery === undefined) throw new Error("no pipeline");
        const parts = splitJobs(delivery, made.value.environments);
        const steps = delivery.stages.flatMap((stage) => stage.steps);
        expect(parts.flatMap((part) => part.steps.map((each) => each.name)).toSorted()).toEqual(
          steps.map((each) => each.name).toSorted(),
        );
        for (const [index, part] of parts.entries()) {
          const before = ancestorsOf(part);
          expect([...before].every((each) => parts.indexOf(each) < index)).toBe(true);
          const known = new Set([part, ...before].flatMap((each) => each.steps.map((one) => one.name)));
          for (const each of part.steps) for (const need of Object.values(each.needs)) expect(known).toContain(need);
        }
      }),
      { numRuns: RUNS * 3 },
    );
  });

  test.skipIf(linter === null)(
    `actionlint accepts its workflow${linter === null ? " (skipped: no actionlint)" : ""}`,
    () => {
      const files: string[] = [];
      fc.assert(
        fc.property(anyProject, (project) => {
          const made = makeBlueprint(project, "c");
          fc.pre(made.ok);
          const compiled = compile(project);
          if (!("jobs" in compiled)) {
            expect(compiled.map((each) => each.code)).toContain("COMPILE_APPROVALS_SHARED");
            return;
          }
          const text = renderWorkflow(compiled, "greenlight.config.ts");
          // What is written is what was meant, for a reader of YAML too.
          expect((readWorkflow(text) as { jobs: object }).jobs).toMatchObject(
            Object.fromEntries(Object.entries(compiled.jobs).map(([id, job]) => [id, { name: job.name }])),
          );
          const path = join(scratch, `${files.length}.yml`);
          writeFileSync(path, text);
          files.push(path);
        }),
        { numRuns: RUNS },
      );
      expect(files.length).toBeGreaterThan(RUNS / 2);
      expect(actionlint(linter ?? "", files)).toBe("");
    },
  );

  test.skipIf(linter === null)(
    `actionlint would notice a broken one${linter === null ? " (skipped: no actionlint)" : ""}`,
    () => {
      const path = join(scratch, "broken.yml");
      const compiled = compile(shop({ test: [step("a", { run: "x" })] }));
      if (!("jobs" in compiled)) throw new Error("not compiled");
      writeFileSync(path, renderWorkflow(compiled, "c").replace("runs-on:", "run-on:"));
      expect(actionlint(linter ?? "", [path])).toContain("run-on");
    },
  );
});

function deployStep(name: string): StepDefinition {
  return effectStep(name, { module: "greenlight/effects/deploy", export: "deploy", environment: name });
}

function secretsWith(suffix: string): NonNullable<EnvironmentDefinition["secrets"]> {
  return { TMDB_API_KEY: { from: "environment", variable: `TMDB_API_KEY_${suffix}` } };
}

function ancestorsOf(part: JobPart): ReadonlySet<JobPart> {
  return new Set(part.needs.flatMap((each) => [each, ...ancestorsOf(each)]));
}
