import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";

import { readJson, writeDurably } from "../base/durable-file.ts";
import type { EnvironmentFolder } from "./environment-folder.ts";
import { isTexts } from "./wire.ts";

/**
 * The secrets of what runs in the slots: a file a deployment, readable by the keeper's user alone, apart from everything else
 * that is kept, so that only a start reads it. It is there as long as its slot is wanted, and lets the keeper start the slot
 * again after its own restart and after a reboot.
 */
export async function writeSlotSecrets(
  paths: EnvironmentFolder,
  deploymentId: string,
  secrets: Readonly<Record<string, string>>,
): Promise<void> {
  await writeDurably(fileOf(paths, deploymentId), JSON.stringify(secrets));
}

/** Rejects when they are gone: a service that can't do its work must not be started in place of one that can. */
export async function readSlotSecrets(
  paths: EnvironmentFolder,
  deploymentId: string,
): Promise<Readonly<Record<string, string>>> {
  const read = await readJson(fileOf(paths, deploymentId), (value) => (isTexts(value) ? value : null));
  if (read.ok && read.value !== null) return read.value;
  const reason = read.ok ? "are gone" : "can't be read";
  throw new Error(`the secrets of ${deploymentId} ${reason}; deploy again`);
}

/** Removes those of all other deployments. */
export async function keepSlotSecrets(paths: EnvironmentFolder, deploymentIds: ReadonlySet<string>): Promise<void> {
  const names = await readdir(paths.secrets).catch(() => []);
  const others = names.filter((name) => !deploymentIds.has(name.replace(/\.json$/u, "")));
  await Promise.all(others.map((name) => rm(join(paths.secrets, name), { force: true })));
}

/** Ids are the controller's own; anything else must not choose where a file lands. */
function fileOf(paths: EnvironmentFolder, deploymentId: string): string {
  if (!/^[\w-]{1,100}$/u.test(deploymentId)) throw new Error(`not the id of a deployment: ${deploymentId}`);
  return join(paths.secrets, `${deploymentId}.json`);
}
