import { readFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

import { z } from "zod";

import { problem } from "../../base/problem.ts";
import type { Effect, EffectResult } from "../../engine/effect.ts";
import type { Finding, FindingsEvidence } from "../../evidence/evidence.ts";
import { findingsEvidence } from "../../evidence/findings.ts";
import { inconclusive } from "../../evidence/readers/inconclusive.ts";

const argsSchema = z.object({
  waitSeconds: z.number().positive().max(3600),
  pollMs: z.number().positive().default(2000),
});
const TIMEOUT_MS = 15_000;
const LARGEST_CHARACTERS = 1024 * 1024;
const NOTHING = { isAlready: false, problems: [], facts: {}, subject: null } as const;

/**
 * What the quality gate of SonarCloud or SonarQube says of the analysis that the scanner of the step `scan` sent: each
 * condition that is not met is an error. A server that can't be reached, or does not come to an end, is inconclusive.
 * Web API: `api/ce/task`, `api/qualitygates/project_status`.
 */
export const sonarGate: Effect = async (rawArgs, context) => {
  const args = argsSchema.parse(rawArgs);
  const task = await readTask(context.needs["scan"]?.outputs["task"] ?? "");
  if (typeof task === "string") {
    const found = problem("EVIDENCE_UNREADABLE", { place: "sonar-report-task.txt", message: task });
    return { ...NOTHING, outcome: "failed", why: task, problems: [found], evidence: [] };
  }
  const token = context.secrets["SONAR_TOKEN"] ?? "";
  const ask = (path: string): Promise<unknown> => request(`${task.serverUrl}${path}`, token, context.signal);
  try {
    const analysis = await awaitAnalysis(
      () => ask(`/api/ce/task?id=${encodeURIComponent(task.id)}`),
      args,
      context.signal,
    );
    if (context.signal.aborted) return { ...NOTHING, outcome: "cancelled", why: "cancelled", evidence: [] };
    const answer = await ask(`/api/qualitygates/project_status?analysisId=${encodeURIComponent(analysis)}`);
    const { projectStatus } = STATUS.parse(answer);
    return judge(projectStatus, task.dashboardUrl);
  } catch (error) {
    if (context.signal.aborted) return { ...NOTHING, outcome: "cancelled", why: "cancelled", evidence: [] };
    const why = `the quality gate is not known: ${reasonOf(error)}`;
    return { ...NOTHING, outcome: "warned", why, evidence: [inconclusive("sonar", why)] };
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

async function awaitAnalysis(
  ask: () => Promise<unknown>,
  { waitSeconds, pollMs }: z.infer<typeof argsSchema>,
  signal: AbortSignal,
): Promise<string> {
  const looks = Math.ceil((waitSeconds * 1000) / pollMs);
  for (let look = 0; look < looks; look += 1) {
    const { task } = TASK.parse(await ask());
    if (task.status === "SUCCESS" && task.analysisId !== undefined) return task.analysisId;
    if (task.status === "FAILED" || task.status === "CANCELED")
      throw new Error(`the server's analysis ended as ${task.status}: ${task.errorMessage ?? "it does not say why"}`);
    await sleep(pollMs, undefined, { signal });
  }
  throw new Error(`the server has not worked the analysis up within ${waitSeconds} s`);
}

function judge(status: z.infer<typeof STATUS>["projectStatus"], dashboardUrl: string): EffectResult {
  const broken = (status.conditions ?? []).filter((each) => each.status === "ERROR");
  const findings = broken.map(({ metricKey, comparator, errorThreshold = "", actualValue = "nothing" }): Finding => {
    const bound = comparator === "LT" ? "at least" : "at most";
    const message = `${metricKey} is ${actualValue}, and must be ${bound} ${errorThreshold}`;
    return { rule: metricKey, level: "error", message, file: null, line: null };
  });
  const facts = { dashboardUrl };
  const evidence: readonly FindingsEvidence[] = [findingsEvidence({ tool: "sonar", checkedCount: null, findings })];
  if (status.status === "NONE")
    return {
      ...NOTHING,
      outcome: "warned",
      why: "the project has no quality gate",
      facts,
      evidence: [inconclusive("sonar", "the project has no quality gate")],
    };
  if (status.status !== "ERROR")
    return { ...NOTHING, outcome: "passed", why: "the quality gate is passed", facts, evidence };
  const why = `the quality gate is not passed: ${findings.map((each) => each.message).join("; ")}`.slice(0, 1000);
  const found = problem("FINDINGS_REPORTED", {
    place: "sonar",
    message: why,
    remedy: `look at ${dashboardUrl || "the server"}`,
  });
  return { ...NOTHING, outcome: "failed", why, problems: [found], facts, evidence };
}

interface SonarTask {
  readonly serverUrl: string;
  readonly id: string;
  readonly dashboardUrl: string;
}

/** The scanner's `report-task.txt`; a text says what is wrong with it. */
async function readTask(path: string): Promise<SonarTask | string> {
  const text = await readFile(path, "utf8").catch(() => null);
  if (text === null) return "the scanner left no report-task.txt";
  const fields = new Map(
    text.split("\n").map((line) => [line.split("=", 1)[0] ?? "", line.slice(line.indexOf("=") + 1).trim()]),
  );
  const [serverUrl = "", id = ""] = [fields.get("serverUrl"), fields.get("ceTaskId")];
  const url = URL.canParse(serverUrl) ? new URL(serverUrl) : null;
  if (url === null || id === "") return "report-task.txt names no server and no task";
  // The token goes with each request.
  const isSafe =
    url.protocol === "https:" ||
    (url.protocol === "http:" && ["127.0.0.1", "localhost", "[::1]"].includes(url.hostname));
  if (!isSafe) return `the server ${url.origin} is not reached by https`;
  return { serverUrl: serverUrl.replace(/\/+$/u, ""), id, dashboardUrl: fields.get("dashboardUrl") ?? "" };
}

async function request(url: string, token: string, signal: AbortSignal): Promise<unknown> {
  const response = await fetch(url, {
    headers: { authorization: `Bearer ${token}`, accept: "application/json" },
    redirect: "error",
    signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
  });
  if (!response.ok) throw new Error(`the server answered with HTTP ${response.status}`);
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    if (text.length > LARGEST_CHARACTERS) throw new Error("the server's answer is too large");
  }
  return JSON.parse(text);
}

function reasonOf(error: unknown): string {
  if (error instanceof z.ZodError || error instanceof SyntaxError) return "the server's answer is of another form";
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
  return cause instanceof Error ? cause.message : String(cause);
}
