import type { Problem } from "../../base/problem.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { Blueprint, PipelineBlueprint } from "../../pipeline/blueprint.ts";
import type { ConcurrencyGroup, Trigger } from "../../pipeline/definition.ts";
import { checkLimits } from "./check-limits.ts";
import type { Checkout } from "./checkout.ts";
import { literal } from "./expression.ts";
import { JobNames } from "./job-names.ts";
import { makeFinallyJob } from "./make-finally-job.ts";
import { makeJobs } from "./make-job.ts";
import { splitJobs } from "./split-jobs.ts";
import type { Workflow, WorkflowConcurrency, WorkflowJob, WorkflowTriggers } from "./workflow.ts";

/** The workflow of one pipeline. Every problem is told: limits of GitHub, and what it has no way to say. */
export function compilePipeline(
  blueprint: Blueprint,
  pipeline: PipelineBlueprint,
  checkout: Checkout,
): Result<Workflow, readonly Problem[]> {
  const problems = checkLimits(blueprint, pipeline);
  if (problems.length > 0) return err(problems);
  const names = new JobNames();
  const jobs: Record<string, WorkflowJob> = {};
  const context = { blueprint, pipeline, checkout, names };
  const made = makeJobs(splitJobs(pipeline, blueprint.environments), context);
  if (!made.ok) return made;
  for (const each of made.value) jobs[each.id] = each.job;
  if (pipeline.finally.length > 0) {
    const last = makeFinallyJob(Object.keys(jobs), context);
    jobs[last.id] = last.job;
  }
  return ok({
    name: literal(pipeline.name),
    on: triggersOf(pipeline.on),
    permissions: { contents: "read" },
    concurrency: pipeline.concurrency === null ? null : concurrencyOf(pipeline.concurrency, pipeline.name),
    jobs,
  });
}

/** What starts the workflow. One without triggers is started by hand, and so can be one that runs at night. */
function triggersOf(on: readonly Trigger[]): WorkflowTriggers {
  const branches = (kind: "push" | "pull-request"): string[] | null => {
    const found = on.flatMap((each) => (each.kind === kind ? [each.branches] : []));
    if (found.length === 0) return null;
    // No branches means all of them; GitHub would count tags in, without a filter.
    return found.some((each) => each.length === 0) ? ["**"] : [...new Set(found.flat().map(branchFilter))];
  };
  const push = branches("push");
  const pulls = branches("pull-request");
  const crons = on.flatMap((each) => (each.kind === "schedule" ? [{ cron: each.cron }] : []));
  return {
    ...(push === null ? {} : { push: { branches: push } }),
    ...(pulls === null ? {} : { pull_request: { branches: pulls } }),
    ...(crons.length === 0 ? {} : { schedule: crons }),
    ...(on.length === 0 || crons.length > 0 ? { workflow_dispatch: {} } : {}),
  };
}

/** Stars mean the same here and there; GitHub's other signs of a pattern are what they are. */
function branchFilter(branch: string): string {
  return branch.replaceAll(/[+?[\]\\]/gu, String.raw`\$&`).replace(/^!/u, String.raw`\!`);
}

function concurrencyOf(concurrency: ConcurrencyGroup, pipeline: string): WorkflowConcurrency {
  const group = literal(concurrency.group)
    .replaceAll("{pipeline}", pipeline)
    .replaceAll("{branch}", "${{ github.head_ref || github.ref_name }}");
  return concurrency.whenBusy === "cancel-older" ? { group, "cancel-in-progress": true } : { group, queue: "max" };
}
