import { problem, type Problem } from "../../base/problem.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { Blueprint, PipelineBlueprint, StepBlueprint } from "../../pipeline/blueprint.ts";
import type { Matrix } from "../../pipeline/definition.ts";
import type { Checkout } from "./checkout.ts";
import { and, literal, term, type Expression } from "./expression.ts";
import type { JobNames } from "./job-names.ts";
import { jobSteps, secretVariables, timeoutMinutes } from "./job-steps.ts";
import { sharedApprovals, variantsOf, type Variant } from "./job-variants.ts";
import { preparingSteps } from "./setup-runtimes.ts";
import type { JobPart } from "./split-jobs.ts";
import type { MatrixCell, WorkflowJob, WorkflowStrategy } from "./workflow.ts";

export const RUNS_ON = "ubuntu-24.04";
const MAX_SHOWN = 60;

export interface JobContext {
  readonly blueprint: Blueprint;
  readonly pipeline: PipelineBlueprint;
  readonly checkout: Checkout;
  readonly names: JobNames;
}

/** All steps of a pipeline, what runs last among them. */
export function stepsOf(pipeline: PipelineBlueprint): readonly StepBlueprint[] {
  return [...pipeline.stages.flatMap((stage) => stage.steps), ...pipeline.finally];
}

interface MadeJob {
  readonly id: string;
  readonly job: WorkflowJob;
  /** True: it, or a job before it, may be skipped although nothing failed. */
  readonly mayBeSkipped: boolean;
}

/** The jobs of all parts, in order; a part that needs approvals becomes several, of which one runs. */
export function makeJobs(
  parts: readonly JobPart[],
  context: JobContext,
): Result<readonly MadeJob[], readonly Problem[]> {
  const { environments } = context.blueprint;
  const problems = parts.flatMap((part) => sharedApprovals(part, environments));
  if (problems.length > 0) {
    const place = `pipelines.${context.pipeline.name}`;
    return err(problems.map((message) => problem("COMPILE_APPROVALS_SHARED", { place, message })));
  }
  const made = new Map<JobPart, readonly MadeJob[]>();
  for (const part of parts) {
    const needs = part.needs.flatMap((each) => made.get(each) ?? []);
    made.set(
      part,
      variantsOf(part, environments).map((variant) => makeJob({ part, variant, needs, context })),
    );
  }
  return ok([...made.values()].flat());
}

function makeJob(options: {
  readonly part: JobPart;
  readonly variant: Variant;
  readonly needs: readonly MadeJob[];
  readonly context: JobContext;
}): MadeJob {
  const { part, variant, needs, context } = options;
  const { approval } = variant;
  const all = stepsOf(context.pipeline);
  const stepNames = part.steps.map((step) => step.name);
  const own = part.matrix === null ? part.stages : [...part.stages, ...stepNames];
  const shown = shownName(part, stepNames);
  const mayStartSkipped = needs.some((each) => each.mayBeSkipped);
  const status = statusOf(part, mayStartSkipped);
  const condition = [status, variant.condition].filter((each) => each !== null);
  // Only GitHub is told of deployments by this token.
  const tells = context.blueprint.codeHost?.kind === "github" && variant.steps.some(isDeployment);
  const job: WorkflowJob = {
    name: literal(approval === null ? shown : `${shown}: ${approval}`),
    needs: needs.map((each) => each.id),
    if: condition.length === 0 ? null : and(condition).text,
    "runs-on": RUNS_ON,
    "timeout-minutes": timeoutMinutes([...part.steps, ...preparingSteps({ own: part.steps, all })]),
    permissions: permissionsOf({ isApproved: approval !== null, tells }),
    // Greenlight tells of the deployment itself; GitHub would tell of the job as another one.
    environment: approval !== null && tells ? { name: approval, deployment: false } : approval,
    strategy: part.matrix === null ? null : strategyOf(part.matrix),
    steps: jobSteps(
      {
        line: {
          stages: part.stages,
          steps: part.isWhole && part.matrix === null ? [] : stepNames,
          isMatrix: part.matrix !== null,
        },
        hasEarlierJobs: needs.length > 0,
        env: {
          ...secretVariables([...variant.steps, ...preparingSteps({ own: variant.steps, all })], context.blueprint),
          ...(approval === null ? {} : { GREENLIGHT_ENVIRONMENT: approval }),
          ...(approval === null && !tells ? {} : { GITHUB_TOKEN: "${{ github.token }}" }),
        },
        keepsReport: false,
        needs: { own: variant.steps, all, matrix: part.matrix },
      },
      context.pipeline.name,
      context.checkout,
    ),
  };
  const id = context.names.take(
    approval === null ? own : [...own, approval],
    `stage-${context.pipeline.stages.findIndex((stage) => stage.name === part.stages[0]) + 1}`,
  );
  return { id, job, mayBeSkipped: mayStartSkipped || job.if !== null };
}

/** No more than the job needs; null: what the workflow says. */
function permissionsOf(job: { readonly isApproved: boolean; readonly tells: boolean }): WorkflowJob["permissions"] {
  if (!job.isApproved && !job.tells) return null;
  return {
    contents: "read",
    // Who approved is read from GitHub, not taken for granted because the job runs.
    ...(job.isApproved ? { actions: "read" } : {}),
    ...(job.tells ? { deployments: "write" } : {}),
  };
}

function isDeployment({ action, environment }: StepBlueprint): boolean {
  return environment !== null && action.kind === "effect" && action.module === "greenlight/effects/deploy";
}

/** A combination is shown by GitHub with its values behind the step's name, as Greenlight shows it. */
function shownName(part: JobPart, steps: readonly string[]): string {
  const stages = part.stages.join(", ");
  if (part.matrix !== null) return steps.join(", ");
  const all = steps.join(", ");
  return part.isWhole ? stages : `${stages}: ${all.length > MAX_SHOWN ? `${all.slice(0, MAX_SHOWN)}…` : all}`;
}

/** What must have become of the jobs before; null: all of them succeeded, which GitHub asks for by itself. */
function statusOf(part: JobPart, mayStartSkipped: boolean): Expression | null {
  const after = new Set(part.steps.map((step) => step.after));
  if (after.size === 1 && after.has("failure")) return term("failure()");
  // In a part of several kinds Greenlight decides step by step.
  if (after.size > 1 || after.has("always")) return term("!cancelled()");
  // A job that was skipped counts as "not succeeded" for all that come after it.
  return mayStartSkipped ? and([term("!failure()"), term("!cancelled()")]) : null;
}

function strategyOf(matrix: Matrix): WorkflowStrategy {
  const { exclude, include } = matrix;
  return {
    "fail-fast": matrix.failFast,
    "max-parallel": matrix.maxParallel,
    matrix: {
      ...Object.fromEntries(Object.entries(matrix.axes).map(([axis, values]) => [axis, values.map(cell)])),
      ...(exclude.length === 0 ? {} : { exclude: exclude.map(cells) }),
      ...(include.length === 0 ? {} : { include: include.map(cells) }),
    },
  };
}

function cells(entry: Matrix["include"][number]): Readonly<Record<string, MatrixCell>> {
  return Object.fromEntries(Object.entries(entry).map(([key, value]) => [key, cell(value)]));
}

function cell(value: MatrixCell): MatrixCell {
  return typeof value === "string" ? literal(value) : value;
}
