import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";

import { readJson, writeDurably, writeWhole } from "../../../base/durable-file.ts";
import { problem, type Problem } from "../../../base/problem.ts";
import { parseDeployment, type Deployment } from "../../../deployment/deployment.ts";
import { isLater, mustSurvivePowerCut } from "../../../deployment/record-durability.ts";
import type { Place } from "./place.ts";
import { recordIds } from "./record-ids.ts";

const READ_LIMIT = 200;

/** Newest first, at most two hundred. Records that can't be read are left out: history must not block a deployment. */
export async function readDeployments({ paths }: Place): Promise<readonly Deployment[]> {
  const newest = (await recordIds(paths.deployments)).slice(0, READ_LIMIT);
  const records = await Promise.all(newest.map((id) => readDeployment(filesOf(paths.deployments, id))));
  return records.flatMap((record) => record ?? []);
}

/** A controller that stood still and was superseded must not open again what another one has closed. */
export async function writeDeployment(place: Place, deployment: Deployment): Promise<readonly Problem[]> {
  const { paths } = place;
  if (deployment.epoch > 0 && (await highestLease(place)) > deployment.epoch) {
    const message = `epoch ${deployment.epoch} was superseded`;
    return [problem("ENVIRONMENT_BUSY", { place: place.name, message })];
  }
  const { durable, latest } = filesOf(paths.deployments, deployment.id);
  const text = JSON.stringify(deployment, null, 2);
  try {
    // Waiting for a disk before each step would make a way back take seconds where disks are slow.
    if (!mustSurvivePowerCut(deployment)) await writeWhole(latest, text);
    else {
      await writeDurably(durable, text);
      await rm(latest, { force: true });
    }
    return [];
  } catch (error) {
    return [problem("STORE_UNWRITABLE", { place: durable, message: (error as Error).message })];
  }
}

export async function removeDeployment({ paths }: Place, id: string): Promise<void> {
  const { durable, latest } = filesOf(paths.deployments, id);
  await rm(latest, { force: true });
  await rm(durable, { force: true });
}

/** `latest` may be torn after a power cut, or older than `durable` when it could not be removed. */
function filesOf(folder: string, id: string): { readonly durable: string; readonly latest: string } {
  return { durable: join(folder, `${id}.json`), latest: join(folder, `${id}.latest.json`) };
}

/** Reads `latest` first: what replaces it meanwhile is in `durable` before it goes. */
async function readDeployment(files: ReturnType<typeof filesOf>): Promise<Deployment | null> {
  const latest = await readJson(files.latest, parseDeployment);
  const durable = await readJson(files.durable, parseDeployment);
  const [newer, kept] = [latest, durable].map((read) => (read.ok ? read.value : null));
  if (newer === null || newer === undefined) return kept ?? null;
  return kept === null || kept === undefined || isLater(newer, kept) ? newer : kept;
}

async function highestLease({ paths }: Place): Promise<number> {
  const names = await readdir(paths.leases).catch(() => []);
  return Math.max(0, ...names.filter((name) => /^\d+$/.test(name)).map(Number));
}
