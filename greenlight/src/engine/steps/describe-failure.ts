import { problem, type Problem } from "../../base/problem.ts";
import { describeCancel } from "./describe-fault.ts";
import { lastLines } from "./log-tail.ts";
import type { Attempt } from "./run-step.ts";
import type { StepExit } from "./step-process.ts";
import type { StepVerdict } from "./step-verdict.ts";

/** What a process that did not pass means; null when it passed. */
export function describeFailure(
  attempt: Attempt,
  exit: StepExit,
  thrown: readonly Problem[],
): Pick<StepVerdict, "outcome" | "why" | "problems"> | null {
  const { step, run, logPath } = attempt;
  const place = step.name;
  switch (exit.ending) {
    case "cancelled":
      return describeCancel(attempt);
    case "timed-out": {
      const message = `still ran after ${limitMs(attempt) / 1000} s and was ended`;
      return { outcome: "failed", why: message, problems: [problem("STEP_TIMEOUT", { place, message })] };
    }
    case "log-failed": {
      const problems = [problem("STORE_UNWRITABLE", { place: logPath, message: exit.message })];
      return { outcome: "errored", why: `its log can't be written: ${exit.message}`, problems };
    }
    case "not-started": {
      const problems = [problem("COMMAND_NOT_STARTED", { place, message: exit.message })];
      return { outcome: "errored", why: exit.message, problems };
    }
    case "exited": {
      if (exit.exitCode === 0) return null;
      if (thrown.length > 0) return { outcome: "failed", why: thrown[0]?.message ?? "", problems: thrown };
      const how = exit.exitCode === null ? `was ended by ${exit.signalName}` : `exited with ${exit.exitCode}`;
      const tail = lastLines(logPath, 5);
      const message = tail === "" ? how : `${how}; its last lines:\n${tail}`;
      const remedy = `read the whole log: greenlight logs ${run.runId} --step ${JSON.stringify(place)}`;
      return { outcome: "failed", why: how, problems: [problem("COMMAND_FAILED", { place, message, remedy })] };
    }
  }
}

function limitMs({ step }: Attempt): number {
  return Math.min(step.timeoutMs, step.retry?.attemptTimeoutMs ?? step.timeoutMs);
}
