import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, describe, expect, test } from "vitest";

import { effectStep, step } from "../../pipeline/define.ts";
import type { EnvironmentDefinition, StepDefinition } from "../../pipeline/definition.ts";
import { renderWorkflow } from "./render-workflow.ts";
import { actionlint, findActionlint } from "./testing/actionlint.ts";
import { compile, environment, jobsOf, shop } from "./testing/shop.ts";

const linter = findActionlint();
const scratch = mkdtempSync(join(tmpdir(), "greenlight-workflows-"));

afterAll(() => rmSync(scratch, { recursive: true, force: true }));

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
    const path = join(scratch, "deployments.yml");
    writeFileSync(path, renderWorkflow(compiled, "greenlight.config.ts"));
    expect(actionlint(linter ?? "", [path])).toBe("");
  });
});

function deployStep(name: string): StepDefinition {
  return effectStep(name, { module: "greenlight/effects/deploy", export: "deploy", environment: name });
}

function secretsWith(suffix: string): NonNullable<EnvironmentDefinition["secrets"]> {
  return { TMDB_API_KEY: { from: "environment", variable: `TMDB_API_KEY_${suffix}` } };
}
