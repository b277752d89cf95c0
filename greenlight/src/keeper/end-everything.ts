import { rm } from "node:fs/promises";

import { readEither, writeTwice } from "../base/durable-file.ts";
import { isSameProcess, type ProcessIdentity } from "../base/process-identity.ts";
import { NO_ROUTE, parseRoute } from "../router/wire.ts";
import { endProcessGroup } from "./end-process.ts";
import { environmentFolder } from "./environment-folder.ts";
import { strayKeepers, strayProcesses } from "./stray-processes.ts";
import { readProcessRecord } from "./supervisor.ts";

/** A keeper alone ends at once on TERM. */
const KEEPER_GRACE_MS = 1000;

/**
 * Ends all that runs in an environment: other keepers first, which would start again what ends, the router next, so that
 * what is under way is still answered, then the slots and strays, and keepers that the router has just started. Then nothing is live, and the route says so, since another program may get the port of a slot. Only for who
 * holds the keeper's lock. Idempotent; answers the pids that it ended.
 */
export async function endEverything(folder: string, options: { graceMs: number; epoch: number }): Promise<number[]> {
  const paths = environmentFolder(folder);
  const keepers = strayKeepers(folder);
  await endAll(keepers, KEEPER_GRACE_MS);
  const router = await recorded(folder, ["router"]);
  await endAll(router, options.graceMs);
  const slots = await recorded(folder, ["blue", "green"]);
  await endAll(slots, options.graceMs);
  const strays = strayProcesses(folder, new Set());
  await endAll(strays, options.graceMs);
  const late = strayKeepers(folder);
  await endAll(late, KEEPER_GRACE_MS);
  await voidRoute(folder, options.epoch);
  for (const name of ["router", "blue", "green"]) await rm(paths.processRecord(name), { force: true });
  await rm(paths.routerRecord, { force: true });
  return [...keepers, ...router, ...slots, ...strays, ...late].map((each) => each.pid);
}

/** Takes the traffic from whatever had it. Only while no router runs. */
async function voidRoute(folder: string, epoch: number): Promise<void> {
  const { route } = environmentFolder(folder);
  const read = await readEither(route, parseRoute);
  // Never had a route, or the whole folder was deleted: then none is made.
  if (read.ok && read.value === null) return;
  const before = read.ok && read.value !== null ? read.value : NO_ROUTE;
  await writeTwice(route, { schema: 1, epoch: Math.max(epoch, before.epoch), upstream: null });
}

async function recorded(folder: string, names: readonly string[]): Promise<ProcessIdentity[]> {
  const paths = environmentFolder(folder);
  const records = await Promise.all(names.map((name) => readProcessRecord(paths, name)));
  return records.filter((record) => record !== null).filter(isSameProcess);
}

async function endAll(identities: readonly ProcessIdentity[], graceMs: number): Promise<void> {
  await Promise.all(identities.map((identity) => endProcessGroup(identity, graceMs)));
}
