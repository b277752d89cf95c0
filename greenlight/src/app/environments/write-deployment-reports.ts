import { existsSync } from "node:fs";
import { join } from "node:path";

import type { Clock } from "../../base/clock.ts";
import { writeDurably } from "../../base/durable-file.ts";
import type { DeploymentRecord, DeploymentStateName, Environment } from "../../deployment/environment.ts";
import { renderHtmlDeployment, renderMarkdownDeployment } from "../../report/deployment-report.ts";
import { deploymentEvidence } from "./deployment-evidence.ts";

export interface DeploymentReportFiles {
  readonly html: string;
  readonly markdown: string;
}

const MODE = 0o644;
/** How far back deployments get the report that nobody lived to write. */
const LOOKED_AT_COUNT = 20;
const ENDS: ReadonlySet<DeploymentStateName> = new Set(["succeeded", "aborted", "rolled-back", "needs-human"]);

/** Where the report of a deployment lies. Ids are the controller's own; anything else must not choose where a file lands. */
export function deploymentReportFiles(stateFolder: string, deploymentId: string): DeploymentReportFiles {
  if (!/^[\w-]{1,100}$/u.test(deploymentId)) throw new Error(`not the id of a deployment: ${deploymentId}`);
  const own = join(stateFolder, "reports", "deployments", deploymentId);
  return { html: join(own, "report.html"), markdown: join(own, "report.md") };
}

/**
 * Writes `reports/deployments/ID/report.html` and `report.md` below the state folder for the deployment `id`, as far as it has
 * come, and for every other one of the environment that ended without a report because its controller was killed: each
 * deployment has one, however it ended. Resolves to the files of `id`; null when the environment does not know it.
 */
export async function writeDeploymentReports(at: {
  readonly stateFolder: string;
  readonly project: string;
  readonly environment: Environment;
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
}): Promise<DeploymentReportFiles | null> {
  const { stateFolder, environment, id } = at;
  const records = await environment.history(LOOKED_AT_COUNT);
  const { url } = await environment.observe();
  let own: DeploymentReportFiles | null = null;
  for (const record of records) {
    const files = deploymentReportFiles(stateFolder, record.id);
    if (record.id === id) own = files;
    else if (!isEnded(record) || existsSync(files.markdown)) continue;
    const report = {
      project: at.project,
      evidence: deploymentEvidence(record, { url, isAlready: false }),
      runId: record.runId,
    };
    await writeDurably(files.html, renderHtmlDeployment(report, { generatedAt: new Date(at.now).toISOString() }), MODE);
    // Last, so that where it is there, the page is too.
    await writeDurably(files.markdown, renderMarkdownDeployment(report), MODE);
  }
  return own;
}

/** The same for whoever deploys: says where the report is, and takes a report that can't be written as no reason to fail. */
export async function reportDeployment(
  at: Omit<Parameters<typeof writeDeploymentReports>[0], "now"> & { readonly clock: Clock; log(line: string): void },
): Promise<void> {
  try {
    const files = await writeDeploymentReports({ ...at, now: at.clock.now() });
    if (files !== null) at.log(`report: ${files.html}`);
  } catch (error) {
    at.log(`the deployment's report can't be written: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function isEnded({ transitions }: DeploymentRecord): boolean {
  const last = transitions.at(-1)?.state;
  return last !== undefined && ENDS.has(last);
}
