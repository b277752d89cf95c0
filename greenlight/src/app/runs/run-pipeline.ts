import { randomLetter, timeOrderedId } from "../../base/ids.ts";
import { problem, ProblemError } from "../../base/problem.ts";
import type { RunView } from "../../engine/run-view.ts";
import type { Blueprint } from "../../pipeline/blueprint.ts";
import { makePlan } from "../../pipeline/make-plan.ts";
import type { Plan } from "../../pipeline/plan.ts";
import type { Composition } from "../composition.ts";
import { readTrigger } from "../read-checkout.ts";
import { executePlan, type PlanExecution } from "./execute-plan.ts";

export interface RunRequest extends Pick<
  PlanExecution,
  "place" | "selection" | "approver" | "signal" | "concurrency" | "onEvent" | "onWait" | "onNotice"
> {
  readonly blueprint: Blueprint;
  readonly pipeline: string;
}

/** Plans and runs a pipeline to its end. Throws a ProblemError when it can't even start. */
export async function runPipeline(composition: Composition, request: RunRequest): Promise<RunView> {
  return executePlan(composition, { ...request, plan: await planFor(request), runId: newRunId(composition) });
}

/** An id that sorts by time. */
export function newRunId(composition: Composition): string {
  return timeOrderedId(composition.clock.now(), randomLetter);
}

/** The plan for the checkout as it is. Throws a ProblemError when the pipeline is unknown. */
export async function planFor(
  request: Pick<RunRequest, "place" | "blueprint" | "pipeline" | "selection">,
): Promise<Plan> {
  const trigger = await readTrigger(request.place.folder, process.env);
  const planned = makePlan(request.blueprint, { ...request, trigger });
  if (!planned.ok) throw new ProblemError(planned.error);
  return planned.value;
}

/** The pipeline that was named; `delivery` or the only one when none was. Throws PIPELINE_UNKNOWN. */
export function choosePipeline(blueprint: Blueprint, named: string | undefined): string {
  const names = Object.keys(blueprint.pipelines);
  const chosen = named ?? (names.includes("delivery") ? "delivery" : names.length === 1 ? names[0] : undefined);
  if (chosen !== undefined && names.includes(chosen)) return chosen;
  throw new ProblemError([
    problem("PIPELINE_UNKNOWN", {
      place: chosen ?? "pipeline",
      message: `the project has these pipelines: ${names.join(", ")}`,
    }),
  ]);
}
