import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import type { EffectResult, NeedResult } from "../../engine/steps/effect.ts";
import { inconclusive } from "../../evidence/readers/inconclusive.ts";
import { effectContext } from "../probing/testing/effect-context.ts";
import { sonarGate } from "./sonar-gate.ts";

// The answers in sonar/testing are those of a SonarQube server 25.11, its ids replaced.
const SAMPLES = join(import.meta.dirname, "../sonar/testing");
const TOKEN = "squ_0123456789";
let server: Server;
let port: number;
let folder: string;
/** What the server says, each time it is asked for the task; the last one stays. */
let tasks: Answer[];
let gate: Answer;
let seen: string[];

interface Answer {
  readonly status: number;
  readonly body: string;
}

beforeEach(async () => {
  tasks = [await real("task-in-progress.json"), await real("task-success.json")];
  gate = await real("gate-passed.json");
  seen = [];
  folder = await mkdtemp(join(tmpdir(), "sonar-"));
  server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? "", "http://server");
    seen.push(`${pathname} ${[...searchParams.values()].join(" ")}`);
    // With a wrong token the real one says nothing at all.
    const isAllowed = request.headers.authorization === `Bearer ${TOKEN}`;
    const answer = pathname === "/sq/api/ce/task" ? (tasks.length > 1 ? tasks.shift() : tasks[0]) : gate;
    response.writeHead(isAllowed ? (answer?.status ?? 0) : 401);
    response.end(isAllowed ? answer?.body : "");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  ({ port } = server.address() as AddressInfo);
});
afterEach(async () => {
  await stop();
  await rm(folder, { recursive: true, force: true });
});

async function stop(): Promise<void> {
  server.closeAllConnections();
  if (server.listening) await new Promise((resolve) => server.close(resolve));
}

async function real(name: string, status = 200): Promise<Answer> {
  return { status, body: await readFile(join(SAMPLES, name), "utf8") };
}

function said(value: object): Answer {
  return { status: 200, body: JSON.stringify(value) };
}

interface Change {
  readonly serverUrl?: string;
  readonly token?: string;
  readonly waitSeconds?: number;
  readonly scan?: Partial<NeedResult>;
  readonly isStrict?: boolean;
}

async function judged({ token = TOKEN, waitSeconds = 20, ...change }: Change = {}): Promise<EffectResult> {
  const task = join(folder, "report-task.txt");
  const text = await readFile(join(SAMPLES, "report-task.txt"), "utf8");
  await writeFile(task, text.replaceAll("http://127.0.0.1:9000", change.serverUrl ?? `http://127.0.0.1:${port}/sq`));
  const needs = { scan: { step: "sonar", outputs: { task }, facts: {}, evidence: [], ...change.scan } };
  const context = { ...effectContext({ needs }), secrets: { SONAR_TOKEN: token } };
  const quality = change.isStrict === true ? { ...context.quality, unreachable: "fail" as const } : context.quality;
  return sonarGate({ waitSeconds, pollMs: 1 }, { ...context, quality });
}

test("a gate is asked for once the server has worked the analysis up", async () => {
  expect(await judged()).toMatchObject({
    outcome: "passed",
    facts: { dashboardUrl: expect.stringContaining("/sq/dashboard?id=films") },
    evidence: [{ findingCount: 0 }],
  });
  expect(seen).toEqual([
    "/sq/api/ce/task 00000000-0000-4000-8000-000000000001",
    "/sq/api/ce/task 00000000-0000-4000-8000-000000000001",
    expect.stringMatching(/^\/sq\/api\/qualitygates\/project_status 00000000-0000-4000-8000-\d{12}$/u),
  ]);
});

test("each condition that is not met is an error, and a rating has its letter", async () => {
  gate = await real("gate-failed.json");
  const result = await judged();
  expect(result).toMatchObject({
    outcome: "failed",
    problems: [{ code: "FINDINGS_REPORTED", remedy: expect.stringContaining("/dashboard") }],
  });
  const messages = result.evidence.flatMap((each) => (each.kind === "findings" ? each.findings : []));
  expect(messages.map(({ message }) => message)).toEqual([
    "sqale_rating is C, and must be at most A",
    "coverage is 0.0, and must be at least 80",
    "software_quality_reliability_issues is 5, and must be at most 0",
  ]);
});

test("a server that can't be asked, or does not come to an end, is inconclusive", async () => {
  expect(await judged({ token: "squ_another" })).toMatchObject(unknown("HTTP 401"));
  tasks = [await real("refused.json", 404)];
  expect(await judged()).toMatchObject(unknown("HTTP 404: No activity found for task 'nothing'"));
  tasks = [await real("task-in-progress.json")];
  expect(await judged({ waitSeconds: 0.05 })).toMatchObject(unknown("has not worked the analysis up in time"));
  tasks = [said({ task: { status: "FAILED", errorMessage: "out of memory" } })];
  expect(await judged()).toMatchObject(unknown("out of memory"));
  tasks = [await real("task-success.json")];
  gate = said({ projectStatus: { status: "PERHAPS" } });
  expect(await judged()).toMatchObject(unknown("another form"));
  gate = said({ projectStatus: { status: "NONE" } });
  expect(await judged()).toMatchObject(unknown("no quality gate"));
  await stop();
  expect(await judged()).toMatchObject(unknown("ECONNREFUSED"));
});

test("a server that stumbles for a moment is asked again, one that stays away is not asked for ever", async () => {
  const busy = { status: 503, body: "" };
  tasks = [busy, busy, await real("task-success.json")];
  expect(await judged()).toMatchObject({ outcome: "passed" });
  seen = [];
  tasks = [busy];
  expect(await judged()).toMatchObject(unknown("HTTP 503"));
  expect(seen).toHaveLength(5);
});

test("what the scanner itself could not send is inconclusive, and fails where the project says so", async () => {
  const scan = { outputs: {}, evidence: [inconclusive("sonar-scanner", "its server is down")] };
  expect(await judged({ scan })).toMatchObject(unknown("its server is down"));
  expect(await judged({ scan, isStrict: true })).toMatchObject({
    outcome: "failed",
    problems: [{ code: "DATA_UNREACHABLE" }],
  });
  expect(await judged({ scan: { outputs: {} } })).toMatchObject({
    outcome: "failed",
    problems: [{ code: "EVIDENCE_UNREADABLE" }],
  });
});

test("the token goes nowhere without https but to this machine", async () => {
  expect(await judged({ serverUrl: "http://sonar.example.com" })).toMatchObject({
    outcome: "failed",
    problems: [{ code: "EVIDENCE_UNREADABLE" }],
  });
});

function unknown(why: string): object {
  return { outcome: "warned", evidence: [{ isInconclusive: true, why: expect.stringContaining(why) }] };
}
