import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import type { EffectResult } from "../../engine/effect.ts";
import { effectContext } from "../probing/testing/effect-context.ts";
import { sonarGate } from "./sonar-gate.ts";

const TOKEN = "squ_0123456789";
let server: Server;
let url: string;
let folder: string;
/** What the task has become of, each time it is asked for; the last one stays. */
let tasks: object[];
let gate: object;
let seen: string[];

beforeEach(async () => {
  tasks = [{ status: "PENDING" }, { status: "IN_PROGRESS" }, { status: "SUCCESS", analysisId: "AX 1" }];
  gate = { status: "OK", conditions: [] };
  seen = [];
  folder = await mkdtemp(join(tmpdir(), "sonar-"));
  server = createServer((request, response) => {
    seen.push(request.url ?? "");
    const isTask = request.url === "/sq/api/ce/task?id=T1";
    const isGate = request.url === "/sq/api/qualitygates/project_status?analysisId=AX%201";
    const isAllowed = request.headers.authorization === `Bearer ${TOKEN}`;
    response.writeHead(isAllowed ? (isTask || isGate ? 200 : 404) : 401);
    const task = tasks.length > 1 ? tasks.shift() : tasks[0];
    response.end(JSON.stringify(isTask ? { task } : { projectStatus: gate }));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/sq`;
});
afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await rm(folder, { recursive: true, force: true });
});

async function judged(
  change: { serverUrl?: string; token?: string; waitSeconds?: number } = {},
): Promise<EffectResult> {
  const task = join(folder, "report-task.txt");
  const { serverUrl = url, token = TOKEN, waitSeconds = 20 } = change;
  await writeFile(
    task,
    `projectKey=films\nserverUrl=${serverUrl}\nceTaskId=T1\ndashboardUrl=${url}/dashboard?id=films\n`,
  );
  const needs = { scan: { step: "sonar", outputs: { task }, facts: {}, evidence: [] } };
  return sonarGate({ waitSeconds, pollMs: 1 }, { ...effectContext({ needs }), secrets: { SONAR_TOKEN: token } });
}

test("a gate is asked for once the server has worked the analysis up", async () => {
  expect(await judged()).toMatchObject({ outcome: "passed", facts: { dashboardUrl: `${url}/dashboard?id=films` } });
  expect(seen).toHaveLength(4);
});

test("each condition that is not met is an error", async () => {
  const unmet = {
    status: "ERROR",
    metricKey: "new_coverage",
    comparator: "LT",
    errorThreshold: "80",
    actualValue: "71.2",
  };
  gate = { status: "ERROR", conditions: [unmet, { status: "OK", metricKey: "new_bugs" }] };
  expect(await judged()).toMatchObject({
    outcome: "failed",
    evidence: [{ findings: [{ rule: "new_coverage", message: "new_coverage is 71.2, and must be at least 80" }] }],
    problems: [{ code: "FINDINGS_REPORTED", remedy: expect.stringContaining("/dashboard") }],
  });
});

test("a server that can't be asked, or does not come to an end, is inconclusive", async () => {
  expect(await judged({ token: "squ_another" })).toMatchObject(unknown("HTTP 401"));
  tasks = [{ status: "PENDING" }];
  expect(await judged({ waitSeconds: 0.01 })).toMatchObject(unknown("has not worked the analysis up"));
  tasks = [{ status: "FAILED", errorMessage: "out of memory" }];
  expect(await judged()).toMatchObject(unknown("out of memory"));
  tasks = [{ status: "SUCCESS", analysisId: "AX 1" }];
  gate = { status: "PERHAPS" };
  expect(await judged()).toMatchObject(unknown("another form"));
  gate = { status: "NONE" };
  expect(await judged()).toMatchObject(unknown("no quality gate"));
  server.closeAllConnections();
  server.close();
  expect(await judged()).toMatchObject(unknown("ECONNREFUSED"));
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
