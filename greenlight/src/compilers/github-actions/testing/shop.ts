import type { Problem } from "../../../base/problem.ts";
import { defineProject, effectStep, pipeline, push, step } from "../../../pipeline/define.ts";
import type { EnvironmentDefinition, ProjectDefinition } from "../../../pipeline/definition.ts";
import { makeBlueprint } from "../../../pipeline/make-blueprint.ts";
import type { Checkout } from "../checkout.ts";
import { compilePipeline } from "../compile-pipeline.ts";
import type { Workflow, WorkflowJob } from "../workflow.ts";

const CHECKOUT: Checkout = { installFolder: ".", project: "shop", install: "npm ci" };

/** The workflow of a project's first pipeline, or why there is none. Throws for a project that is no blueprint. */
export function compileOrRefuse(project: ProjectDefinition): Workflow | readonly Problem[] {
  const made = makeBlueprint(project, "c");
  if (!made.ok) throw new Error(JSON.stringify(made.error));
  const [first] = Object.values(made.value.pipelines);
  if (first === undefined) throw new Error("no pipeline");
  const compiled = compilePipeline(made.value, first, CHECKOUT);
  return compiled.ok ? compiled.value : compiled.error;
}

/** The same for a project that GitHub would not refuse: throws for one that it would. */
export function compile(project: ProjectDefinition): Workflow {
  const compiled = compileOrRefuse(project);
  if (!("jobs" in compiled)) throw new Error(JSON.stringify(compiled));
  return compiled;
}

export function jobsOf(project: ProjectDefinition): Readonly<Record<string, WorkflowJob>> {
  return compile(project).jobs;
}

/** A project whose one pipeline, for pushes to main, has these stages. */
export function shop(
  stages: Parameters<typeof pipeline>[0]["stages"],
  more: Partial<Parameters<typeof defineProject>[0]> = {},
): ProjectDefinition {
  return defineProject({ name: "shop", pipelines: { delivery: pipeline({ on: [push("main")], stages }) }, ...more });
}

export function environment(
  branches: string[],
  more: Partial<EnvironmentDefinition & { isLocal: boolean }> = {},
): EnvironmentDefinition {
  const { isLocal = true, ...rest } = more;
  return { target: { kind: "t", module: "m", isLocal, options: {} }, branches, ...rest };
}

/** What the job's step "Run" runs. */
export function runLineOf(job: WorkflowJob | undefined): string {
  return job?.steps.flatMap((each) => ("run" in each && each.name === "Run" ? [each.run] : [])).join() ?? "";
}

export const unit = step("unit tests", {
  run: "x",
  matrix: {
    axes: { node: [22, "24"], os: ["linux", "mac"] },
    exclude: [{ node: 22, os: "mac" }],
    maxParallel: 2,
    failFast: false,
  },
  secrets: ["TMDB_API_KEY"],
});
export const deployStaging = effectStep("deploy staging", { module: "m", export: "d", environment: "staging" });
export const deployProduction = effectStep("deploy production", {
  module: "m",
  export: "d",
  environment: "production",
});
/** Staging takes `develop`, production `main` with an approval. */
export const environments = {
  staging: environment(["develop"]),
  production: environment(["main"], { approval: { expiresAfter: "24h" } }),
};
