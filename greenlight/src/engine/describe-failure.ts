import { closeSync, fstatSync, openSync, readSync } from "node:fs";

import { problem, type Problem } from "../base/problem.ts";
import { describeCancel } from "./describe-fault.ts";
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

function lastLines(path: string, count: number): string {
  return readTail(path, 8192)
    .split("\n")
    .filter((line) => line.trim() !== "")
    .slice(-count)
    .map((line) => `    ${line.slice(0, 300)}`)
    .join("\n");
}

/** The end of a file of any size; empty when it can't be read. */
function readTail(path: string, bytes: number): string {
  let file: number;
  try {
    file = openSync(path, "r");
  } catch {
    return "";
  }
  try {
    const { size } = fstatSync(file);
    const buffer = Buffer.alloc(Math.min(bytes, size));
    readSync(file, buffer, 0, buffer.length, size - buffer.length);
    return buffer.toString("utf8");
  } finally {
    closeSync(file);
  }
}
