import { readdir } from "node:fs/promises";
import { join } from "node:path";

import { readJson, writeDurably } from "../../../base/durable-file.ts";
import { problem, type Problem } from "../../../base/problem.ts";
import { parseDeployment, type Deployment } from "../../../deployment/deployment.ts";
import type { Place } from "./place.ts";
import { recordIds } from "./record-ids.ts";

const READ_LIMIT = 200;

/** Newest first, at most two hundred. Records that can't be read are left out: history must not block a deployment. */
export async function readDeployments({ paths }: Place): Promise<readonly Deployment[]> {
  const newest = (await recordIds(paths.deployments)).slice(0, READ_LIMIT);
  const records = await Promise.all(
    newest.map((id) => readJson(join(paths.deployments, `${id}.json`), parseDeployment)),
  );
  return records.flatMap((record) => (record.ok && record.value !== null ? [record.value] : []));
}

/** A controller that stood still and was superseded must not open again what another one has closed. */
export async function writeDeployment(place: Place, deployment: Deployment): Promise<readonly Problem[]> {
  const { paths } = place;
  if (deployment.epoch > 0 && (await highestLease(place)) > deployment.epoch) {
    const message = `epoch ${deployment.epoch} was superseded`;
    return [problem("ENVIRONMENT_BUSY", { place: place.name, message })];
  }
  const path = join(paths.deployments, `${deployment.id}.json`);
  try {
    await writeDurably(path, JSON.stringify(deployment, null, 2));
    return [];
  } catch (error) {
    return [problem("STORE_UNWRITABLE", { place: path, message: (error as Error).message })];
  }
}

async function highestLease({ paths }: Place): Promise<number> {
  const names = await readdir(paths.leases).catch(() => []);
  return Math.max(0, ...names.filter((name) => /^\d+$/.test(name)).map(Number));
}
