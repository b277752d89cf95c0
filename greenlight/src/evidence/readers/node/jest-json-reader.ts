import { z } from "zod";

import { ok } from "../../../base/result.ts";
import { cutText, MAX_ENTRIES } from "../../bounds.ts";
import type { TestsEvidence } from "../../evidence.ts";
import { projectPath, withoutFolder } from "../../project-path.ts";
import { readJsonAs } from "../json-report.ts";
import type { Reader } from "../reader.ts";

/**
 * `jest --json`. A file that could not be run at all has no test in it; it counts as one that failed, because what it
 * would have tested is not known.
 */
export const readJestJson: Reader = (text, { tool, projectFolder }) => {
  const report = readJsonAs(text, REPORT);
  if (!report.ok) return report;
  const cases = report.value.testResults.flatMap((suite) => casesOf(suite, projectFolder));
  const ran = cases.filter((each) => !each.isSkipped);
  const failed = ran.filter((each) => each.failure !== null);
  const evidence: TestsEvidence = {
    kind: "tests",
    tool,
    passedCount: ran.length - failed.length,
    failedCount: failed.length,
    skippedCount: cases.length - ran.length,
    durationMs: Math.round(ran.reduce((sum, each) => sum + each.durationMs, 0)),
    failures: failed
      .slice(0, MAX_ENTRIES)
      .map(({ name, file, failure }) => ({ name, file, message: failure ?? "failed" })),
    slowest: ran
      .toSorted((left, right) => right.durationMs - left.durationMs)
      .slice(0, SLOWEST_COUNT)
      .map(({ name, durationMs }) => ({ name, durationMs: Math.round(durationMs) })),
  };
  return ok([evidence]);
};

const SLOWEST_COUNT = 10;
const TEST = z.object({
  fullName: z.string(),
  status: z.enum(["passed", "failed", "skipped", "pending", "todo", "disabled", "focused"]),
  duration: z.number().min(0).max(1e12).nullish(),
  failureMessages: z.array(z.string()).nullish(),
});
const SUITE = z.object({
  name: z.string(),
  status: z.string(),
  message: z.string().optional(),
  assertionResults: z.array(TEST),
});
const REPORT = z.object({ numTotalTests: z.int().min(0), testResults: z.array(SUITE) });

interface Case {
  readonly name: string;
  readonly file: string | null;
  readonly durationMs: number;
  readonly isSkipped: boolean;
  readonly failure: string | null;
}

function casesOf(suite: z.infer<typeof SUITE>, projectFolder: string): Case[] {
  const file = projectPath(projectFolder, suite.name);
  const clean = (text: string): string => cutText(withoutFolder(projectFolder, text)) || "failed without a message";
  if (suite.assertionResults.length === 0 && suite.status === "failed") {
    const name = cutText(`${file ?? "a file"} could not be run`);
    return [{ name, file, durationMs: 0, isSkipped: false, failure: clean(suite.message ?? "") }];
  }
  return suite.assertionResults.map(({ fullName, status, duration, failureMessages }) => ({
    name: cutText(fullName) || "test",
    file,
    durationMs: duration ?? 0,
    isSkipped: status !== "passed" && status !== "failed",
    failure: status === "failed" ? clean(failureMessages?.[0] ?? "") : null,
  }));
}
