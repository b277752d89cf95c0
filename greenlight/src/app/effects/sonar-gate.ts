import { z } from "zod";

import { problem } from "../../base/problem.ts";
import { err, ok, type Result } from "../../base/result.ts";
import type { Effect, EffectContext, EffectResult } from "../../engine/steps/effect.ts";
import type { Finding } from "../../evidence/evidence.ts";
import { findingsEvidence } from "../../evidence/findings.ts";
import { judgeEvidence } from "../../evidence/judge.ts";
import { inconclusive } from "../../evidence/readers/inconclusive.ts";
import { askUntil, type SonarPatience, type SonarServer } from "../sonar/sonar-server.ts";
import { readSonarTask } from "../sonar/sonar-task.ts";

const argsSchema = z.object({
  waitSeconds: z.number().positive().max(3600),
  pollMs: z.number().positive().default(2000),
});
const NOTHING = { isAlready: false, problems: [], facts: {}, subject: null } as const;

/**
 * What the quality gate of SonarCloud or SonarQube says of the analysis that the scanner of the step `scan` sent: each
 * condition that is not met is an error. A server that can't be asked, that does not come to an end in time, or that the
 * scanner itself did not reach, is inconclusive. Web API: `api/ce/task`, `api/qualitygates/project_status`.
 */
export const sonarGate: Effect = async (rawArgs, context) => {
  const { waitSeconds, pollMs } = argsSchema.parse(rawArgs);
  const { outputs = {}, evidence = [] } = context.needs["scan"] ?? {};
  const task = await readSonarTask(outputs["task"] ?? "");
  if (typeof task === "string") {
    const unsent = evidence.find((each) => each.kind === "findings" && each.isInconclusive === true);
    if (unsent?.kind === "findings") return unknown(context, `no analysis was sent: ${unsent.why ?? task}`);
    const found = problem("EVIDENCE_UNREADABLE", { place: "sonar-report-task.txt", message: task });
    return { ...NOTHING, outcome: "failed", why: task, problems: [found], evidence: [] };
  }
  const token = context.secrets["SONAR_TOKEN"] ?? "";
  const server = { url: task.serverUrl, token, signal: context.signal };
  const patience = { endsAt: performance.now() + waitSeconds * 1000, pollMs };
  const { dashboardUrl } = task;
  try {
    const analysis = await awaitAnalysis(server, task.id, patience);
    const status = analysis.ok ? await askGate(server, analysis.value, patience) : analysis;
    return status.ok ? judge(context, status.value, dashboardUrl) : unknown(context, status.error, dashboardUrl);
  } catch (error) {
    if (!context.signal.aborted) throw error;
    return { ...NOTHING, outcome: "cancelled", why: "cancelled", evidence: [] };
  }
};

const TASK = z.object({
  task: z.object({
    status: z.enum(["PENDING", "IN_PROGRESS", "SUCCESS", "FAILED", "CANCELED"]),
    analysisId: z.string().optional(),
    errorMessage: z.string().optional(),
  }),
});
const CONDITION = z.object({
  status: z.string(),
  metricKey: z.string(),
  comparator: z.string().optional(),
  errorThreshold: z.string().optional(),
  actualValue: z.string().optional(),
});
const STATUS = z.object({
  projectStatus: z.object({
    status: z.enum(["OK", "WARN", "ERROR", "NONE"]),
    conditions: z.array(CONDITION).optional(),
  }),
});
type Condition = z.infer<typeof CONDITION>;
type GateStatus = z.infer<typeof STATUS>["projectStatus"];

/** The analysis' id, once the server has worked it up. */
async function awaitAnalysis(
  server: SonarServer,
  taskId: string,
  patience: SonarPatience,
): Promise<Result<string, string>> {
  const path = `/api/ce/task?id=${encodeURIComponent(taskId)}`;
  const isEnd = ({ task }: z.infer<typeof TASK>): boolean => task.status !== "PENDING" && task.status !== "IN_PROGRESS";
  const answer = await askUntil(server, { path, schema: TASK, isEnd }, patience);
  if (!answer.ok) return answer;
  const { status, analysisId, errorMessage = "it does not say why" } = answer.value.task;
  if (status === "SUCCESS" && analysisId !== undefined) return ok(analysisId);
  return err(`the server's analysis ended as ${status}: ${errorMessage}`);
}

async function askGate(
  server: SonarServer,
  analysisId: string,
  patience: SonarPatience,
): Promise<Result<GateStatus, string>> {
  const path = `/api/qualitygates/project_status?analysisId=${encodeURIComponent(analysisId)}`;
  const answer = await askUntil(server, { path, schema: STATUS, isEnd: () => true }, patience);
  if (!answer.ok) return answer;
  const { projectStatus } = answer.value;
  return projectStatus.status === "NONE" ? err("the project has no quality gate") : ok(projectStatus);
}

function judge(context: EffectContext, status: GateStatus, dashboardUrl: string): EffectResult {
  const facts = { dashboardUrl };
  const findings = (status.conditions ?? []).filter((each) => each.status === "ERROR").map(unmet);
  const evidence = [findingsEvidence({ tool: "sonar", checkedCount: null, findings })];
  if (status.status !== "ERROR")
    return { ...NOTHING, outcome: "passed", why: "the quality gate is passed", facts, evidence };
  const why = `the quality gate is not passed: ${findings.map((each) => each.message).join("; ")}`.slice(0, 1000);
  const remedy = `look at ${dashboardUrl || "the server"}`;
  const found = problem("FINDINGS_REPORTED", { place: context.step, message: why, remedy });
  return { ...NOTHING, outcome: "failed", why, problems: [found], facts, evidence };
}

function unknown(context: EffectContext, reason: string, dashboardUrl = ""): EffectResult {
  const why = `the quality gate is not known: ${reason}`;
  const evidence = [inconclusive("sonar", why)];
  const { outcome, problems } = judgeEvidence(evidence, context.quality);
  return { ...NOTHING, outcome, why, problems, facts: { dashboardUrl }, evidence };
}

function unmet({ metricKey, comparator, errorThreshold = "", actualValue }: Condition): Finding {
  const bound = comparator === "LT" ? "at least" : "at most";
  const [actual, wanted] = [actualValue ?? "", errorThreshold].map((value) => shown(metricKey, value));
  const message = `${metricKey} is ${actual || "not known"}, and must be ${bound} ${wanted}`;
  return { rule: metricKey, level: "error", message, file: null, line: null };
}

/** Ratings come as 1 to 5, and are known to people as A to E. */
function shown(metricKey: string, value: string): string {
  const letter = metricKey.endsWith("_rating") ? "ABCDE"[Number(value) - 1] : undefined;
  return letter ?? value;
}
