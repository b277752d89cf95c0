import { constants } from "node:os";

import type { ProblemCode } from "../../base/problem-codes.ts";
import { problem, type Problem } from "../../base/problem.ts";
import type { Evidence, FindingsEvidence } from "../../evidence/evidence.ts";
import type { ToolDescriptor, ToolExit } from "../../pipeline/tool-definition.ts";
import { lastLines } from "../steps/log-tail.ts";
import type { Attempt } from "../steps/run-step.ts";
import type { StepExit } from "../steps/step-process.ts";
import type { StepVerdict } from "../steps/step-verdict.ts";

/** What a tool's report says: what could be read of it, and what could not. */
export interface ReadReport {
  readonly evidence: readonly Evidence[];
  readonly problems: readonly Problem[];
  readonly isMissing: boolean;
}

export interface ToolWord {
  /** Null: the evidence decides. */
  readonly failure: Pick<StepVerdict, "outcome" | "why" | "problems"> | null;
  /** To judge by: what the report says, and that data could not be reached. */
  readonly evidence: readonly Evidence[];
  /** True: neither a missing nor a broken report counts. */
  readonly isUnreachable: boolean;
}

/**
 * What the end of the step's tool means, held against its report: a tool may fail without a word, and it may find something
 * without failing. Null: it names no tool, or did not end by itself, so that it is told as any command.
 */
export function judgeToolExit(
  attempt: Pick<Attempt, "step" | "logPath" | "run">,
  exit: StepExit,
  read: ReadReport,
): ToolWord | null {
  const { tool } = attempt.step;
  if (tool === null || exit.ending !== "exited") return null;
  const { evidence } = read;
  const fail = (code: ProblemCode, clause: string): ToolWord => ({
    failure: describe(attempt, code, `${tool.name} ${howItEnded(exit)}${clause}`),
    evidence,
    isUnreachable: false,
  });
  const judged: ToolWord = { failure: null, evidence, isUnreachable: false };
  const isTelling = evidence.some(tellsOfFault);
  switch (meaningOf(tool, exit)) {
    case "clean":
      return judged;
    case "findings": {
      if (isTelling) return judged;
      const [unreadable] = read.problems;
      if (unreadable !== undefined)
        return fail("TOOL_REPORT_LACKING", `, and ${unreadable.place} can't be read: ${unreadable.message}`);
      const what = read.isMissing ? "it left no report" : "its report names no finding";
      return fail("TOOL_REPORT_LACKING", `, which means findings, but ${what}`);
    }
    case "no-tests":
      return fail("NO_TESTS_RAN", ": it found no tests to run");
    case "misconfigured":
      // Some tools end so for a file that they can't parse, too, and their report names it.
      return isTelling ? judged : fail("TOOL_MISCONFIGURED", ": its configuration or its call is broken");
    case "unreachable": {
      const isSaid = evidence.some((each) => each.kind === "findings" && each.isInconclusive === true);
      return { ...judged, evidence: isSaid ? evidence : [...evidence, unreached(attempt, tool)], isUnreachable: true };
    }
    case null:
      return fail(
        "COMMAND_FAILED",
        !Object.values(tool.exits).includes("findings") ? "" : ", which is no status that it has for findings",
      );
  }
}

function meaningOf(tool: ToolDescriptor, { exitCode }: StepExit): ToolExit | null {
  if (exitCode === null) return null;
  const named = Object.hasOwn(tool.exits, exitCode) ? tool.exits[exitCode] : undefined;
  return named ?? (exitCode === 0 ? "clean" : null);
}

/** True when a tool that found nothing would not have written it. */
function tellsOfFault(evidence: Evidence): boolean {
  switch (evidence.kind) {
    case "findings":
      return evidence.findingCount > 0 || evidence.isInconclusive === true;
    case "tests":
      return evidence.failedCount > 0;
    default:
      return false;
  }
}

function unreached({ logPath }: Pick<Attempt, "logPath">, tool: ToolDescriptor): FindingsEvidence {
  const last = lastLines(logPath, 1).trim();
  const why = `${tool.name} could not reach the data that it judges by${last === "" ? "" : `: ${last}`}`;
  const none = { checkedCount: null, findings: [], findingCount: 0 };
  return { kind: "findings", tool: tool.name, ...none, isInconclusive: true, why };
}

/** By way of a shell, signal N ends a command with 128 + N. */
function howItEnded({ exitCode, signalName }: StepExit): string {
  if (exitCode === null) return `was ended by ${signalName}`;
  const [signal] = Object.entries(constants.signals).find(([, number]) => number === exitCode - 128) ?? [];
  return signal === undefined ? `exited with ${exitCode}` : `exited with ${exitCode} (was ended by ${signal})`;
}

function describe(
  { step, logPath, run }: Pick<Attempt, "step" | "logPath" | "run">,
  code: ProblemCode,
  why: string,
): NonNullable<ToolWord["failure"]> {
  const tail = lastLines(logPath, 5);
  const message = tail === "" ? `${why}; it wrote nothing` : `${why}; its last lines:\n${tail}`;
  const remedy =
    code === "COMMAND_FAILED"
      ? `read the whole log: greenlight logs ${run.runId} --step ${JSON.stringify(step.name)}`
      : undefined;
  const found = problem(code, { place: step.name, message, ...(remedy === undefined ? {} : { remedy }) });
  return { outcome: "failed", why, problems: [found] };
}
