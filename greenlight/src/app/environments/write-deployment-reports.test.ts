import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { systemClock } from "../../base/system-clock.ts";
import type { DeploymentRecord, Environment } from "../../deployment/environment.ts";
import { recordAt } from "../outbox/testing/sample-records.ts";
import { deploymentReportFiles, reportDeployment, writeDeploymentReports } from "./write-deployment-reports.ts";

let stateFolder: string;

beforeEach(() => {
  stateFolder = mkdtempSync(join(tmpdir(), "greenlight-reports-"));
});
afterEach(() => rmSync(stateFolder, { recursive: true, force: true }));

/** An environment with these deployments, newest first. */
function environmentWith(...records: readonly DeploymentRecord[]): Environment {
  const known: Pick<Environment, "name" | "history" | "observe"> = {
    name: "production",
    history: async (limit) => records.slice(0, limit),
    observe: async () => ({
      status: "running",
      url: "http://127.0.0.1:8000",
      live: null,
      keeper: null,
      router: null,
      slots: [],
    }),
  };
  return known as Environment;
}

function write(environment: Environment, id: string): ReturnType<typeof writeDeploymentReports> {
  return writeDeploymentReports({ stateFolder, project: "films", environment, id, now: Date.UTC(2026, 0, 1) });
}

test("a deployment has its report, and so has one whose controller did not live to write it", async () => {
  const [live, killed, waiting] = [recordAt(3, "succeeded"), recordAt(2, "rolled-back"), recordAt(1, "baking")];
  const files = await write(environmentWith(live, killed, waiting), live.id);
  expect(files).toEqual(deploymentReportFiles(stateFolder, live.id));
  expect(readFileSync(files?.markdown ?? "", "utf8")).toContain("films / production: live");
  const other = deploymentReportFiles(stateFolder, killed.id);
  expect(readFileSync(other.html, "utf8")).toContain("Rolled back");
  // It may still be under way in another process.
  expect(existsSync(deploymentReportFiles(stateFolder, waiting.id).markdown)).toBe(false);
});

test("its own report is written anew, those of others are left as they are", async () => {
  const [live, earlier] = [recordAt(2, "succeeded"), recordAt(1, "succeeded")];
  const environment = environmentWith(live, earlier);
  await write(environment, live.id);
  const files = [live, earlier].map(({ id }) => deploymentReportFiles(stateFolder, id).markdown);
  for (const file of files) writeFileSync(file, "changed");
  await write(environment, live.id);
  expect(files.map((file) => readFileSync(file, "utf8") === "changed")).toEqual([false, true]);
  expect(await write(environment, "d9")).toBeNull();
});

test("a report that can't be written is said, and no reason to fail", async () => {
  const lines: string[] = [];
  writeFileSync(join(stateFolder, "reports"), "in the way");
  const live = recordAt(1, "succeeded");
  const at = { stateFolder, project: "films", environment: environmentWith(live), id: live.id, clock: systemClock };
  await reportDeployment({ ...at, log: (line) => lines.push(line) });
  expect(lines).toEqual([expect.stringContaining("the deployment's report can't be written")]);
});
