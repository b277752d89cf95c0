import type { StepEnded } from "../../engine/event.ts";
import type { Outcome } from "../../engine/outcome.ts";

export function isError(outcome: Outcome): boolean {
  return outcome === "failed" || outcome === "errored";
}

/** The well-known values of `cicd.pipeline.result` and `cicd.pipeline.task.run.result`; `waiting` is our own. */
export function resultOf(outcome: Outcome, step?: StepEnded): string {
  switch (outcome) {
    case "passed":
      return "success";
    case "warned":
      return step?.isAllowedFailure === true ? "failure" : "success";
    case "failed":
      return step?.problems.some((each) => each.code === "STEP_TIMEOUT") === true ? "timeout" : "failure";
    case "errored":
      return "error";
    case "cancelled":
      return "cancellation";
    case "skipped":
      return "skip";
    case "waiting":
      return "waiting";
  }
}

/** The first problem's code: there are few of them. Empty for what went well. */
export function errorType(event: StepEnded): Readonly<Record<string, string>> {
  if (!isError(event.outcome) && !event.isAllowedFailure) return {};
  return { "error.type": event.problems[0]?.code ?? "_OTHER" };
}
