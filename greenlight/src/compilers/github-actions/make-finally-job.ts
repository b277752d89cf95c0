import type { StepBlueprint } from "../../pipeline/blueprint.ts";
import { jobSteps, secretVariables, timeoutMinutes } from "./job-steps.ts";
import { RUNS_ON, stepsOf, type JobContext } from "./make-job.ts";
import type { WorkflowJob } from "./workflow.ts";

/** The last job: it waits for all others and runs whatever became of them, also after a cancel. */
export function makeFinallyJob(
  needs: readonly string[],
  context: JobContext,
): { readonly id: string; readonly job: WorkflowJob } {
  const steps = context.pipeline.finally;
  const uploads = context.blueprint.codeHost?.kind === "github" && steps.some(isUpload);
  const job: WorkflowJob = {
    name: "finally",
    needs,
    if: "always()",
    "runs-on": RUNS_ON,
    "timeout-minutes": timeoutMinutes(steps),
    // Without `actions: read`, findings of a private repository are not taken.
    permissions: uploads ? { actions: "read", contents: "read", "security-events": "write" } : null,
    environment: null,
    strategy: null,
    steps: jobSteps(
      {
        line: { stages: ["finally"], steps: [], isMatrix: false },
        hasEarlierJobs: needs.length > 0,
        env: {
          ...secretVariables(steps, context.blueprint),
          ...(uploads ? { GITHUB_TOKEN: "${{ github.token }}" } : {}),
          // So that what never started is told as cancelled, and not as lost.
          ...(needs.length === 0 ? {} : { GREENLIGHT_CANCELLED: "${{ contains(needs.*.result, 'cancelled') }}" }),
        },
        keepsReport: true,
        needs: { own: steps, all: stepsOf(context.pipeline), matrix: null },
      },
      context.pipeline.name,
      context.checkout,
    ),
  };
  return { id: context.names.take(["finally"], "finally"), job };
}

function isUpload({ action }: StepBlueprint): boolean {
  return action.kind === "effect" && action.module === "greenlight/effects/upload-findings";
}
