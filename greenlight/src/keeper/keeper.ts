import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";

import { writeWhole } from "../base/durable-file.ts";
import type { Problem } from "../base/problem.ts";
import { isSameProcess, ownIdentity } from "../base/process-identity.ts";
import { ok, type Result } from "../base/result.ts";
import { serveControl } from "./control-server.ts";
import { openDesiredStore, type DesiredStore } from "./desired-store.ts";
import { endEverything } from "./end-everything.ts";
import { endProcessGroup } from "./end-process.ts";
import { environmentFolder, type EnvironmentFolder } from "./environment-folder.ts";
import type { Household } from "./household.ts";
import { takeKeeperLock } from "./keeper-lock.ts";
import { boundLog } from "./log-file.ts";
import { obey } from "./orders.ts";
import { placeSlot } from "./place-slot.ts";
import { routerSupervisor, slotSupervisor } from "./plans.ts";
import { strayProcesses } from "./stray-processes.ts";
import { readProcessRecord, type Supervisor } from "./supervisor.ts";
import { SLOT_NAMES, type KeeperRecord, type SlotName } from "./wire.ts";

export interface KeeperOptions {
  readonly folder: string;
  /** Set: start again what was stopped, on behalf of a controller of that fencing epoch. */
  readonly resumeEpoch: number | null;
  /** How often logs are bounded and the folder is looked for. */
  readonly choresEveryMs?: number;
  log(line: string): void;
  /** The keeper has nothing left to keep. */
  onEnd(why: string): void;
}

const CHORES_EVERY_MS = 10_000;
/** A controller that started a keeper and died before its first order leaves one that keeps nothing. */
const IDLE_LIMIT_MS = 60_000;
const STRAY_GRACE_MS = 1000;
const STOP_GRACE_MS = 5000;

/**
 * Keeps one environment running. Answers a word why not, when there is nothing to do: another keeper is at it, or the
 * environment was stopped.
 */
export async function startKeeper(options: KeeperOptions): Promise<Result<"keeping" | "another" | "stopped", Problem>> {
  const paths = environmentFolder(options.folder);
  if ((await takeKeeperLock(options.folder)) === null) return ok("another");
  const opened = await openDesiredStore(paths);
  if (!opened.ok) return opened;
  const household = createHousehold(paths, opened.value, options);
  const { isStopped, epoch } = opened.value.current();
  if (isStopped && (options.resumeEpoch === null || options.resumeEpoch < epoch)) {
    await household.endAll(STOP_GRACE_MS);
    return ok("stopped");
  }
  if (isStopped) await opened.value.change({ isStopped: false });

  let queue: Promise<unknown> = settleIn(household);
  let orderedAt = Date.now();
  const control = await serveControl(
    (request) => {
      // One order after the other; only looking needs no turn.
      if (request.line === "GET /state") return obey(household, request, options.onEnd);
      orderedAt = Date.now();
      const answer = queue.then(() => obey(household, request, options.onEnd));
      queue = answer.catch(() => {});
      return answer;
    },
    (error) => options.log(`control: ${String(error)}`),
  );
  const record: KeeperRecord = { schema: 1, ...ownIdentity(), port: control.port, token: control.token };
  await writeWhole(paths.keeperRecord, JSON.stringify(record));
  options.log(`keeping ${options.folder} on control port ${control.port}`);
  const onEnd = (why: string): void => {
    clearInterval(chores);
    options.onEnd(why);
  };
  const chores = setInterval(() => {
    if (hasNothingToKeep(household) && Date.now() - orderedAt > IDLE_LIMIT_MS) onEnd("there is nothing to keep");
    else void doChores(household, onEnd);
  }, options.choresEveryMs ?? CHORES_EVERY_MS);
  return ok("keeping");
}

function createHousehold(paths: EnvironmentFolder, desired: DesiredStore, { log }: KeeperOptions): Household {
  const supervisors = new Map<"router" | SlotName, Supervisor>();
  const around = { paths, log };
  const household: Household = {
    paths,
    desired,
    supervisors,
    log,
    keepUp: async (name) => {
      const state = desired.current();
      const slot = name === "router" ? null : state.slots[name];
      let supervisor: Supervisor;
      if (name !== "router" && slot !== null) {
        supervisor = slotSupervisor(around, name, slot, () => placeSlot(household, name, slot));
      } else if (name === "router" && state.router !== null) {
        supervisor = routerSupervisor(around, state.router);
      } else {
        return;
      }
      supervisors.set(name, supervisor);
      await supervisor.begin();
    },
    endAll: async (graceMs) => {
      // All supervisors are told at once, so that none starts again what another end took down.
      const router = supervisors.get("router");
      const endedRouter = router === undefined ? [] : await router.end(graceMs);
      const ended = await Promise.all(SLOT_NAMES.map((name) => supervisors.get(name)?.end(graceMs) ?? []));
      supervisors.clear();
      const strays = await endEverything(paths.root, { graceMs, epoch: desired.current().epoch });
      return [...new Set([...endedRouter, ...ended.flat(), ...strays])];
    },
  };
  return household;
}

function hasNothingToKeep({ desired }: Household): boolean {
  const { router, slots } = desired.current();
  return router === null && SLOT_NAMES.every((name) => slots[name] === null);
}

/** Ends what runs and should not, then takes over or starts what should. */
async function settleIn(household: Household): Promise<void> {
  const { paths, desired, log } = household;
  const state = desired.current();
  const known = new Set<number>();
  for (const name of ["router", ...SLOT_NAMES] as const) {
    const record = await readProcessRecord(paths, name);
    if (record === null || !isSameProcess(record)) continue;
    known.add(record.pid);
    const key =
      name === "router" ? state.router && `${state.router.host}:${state.router.port}` : state.slots[name]?.deploymentId;
    if (record.key === key) continue;
    log(`${name}: ending pid ${record.pid}, which is not wanted any more`);
    await endProcessGroup(record, STOP_GRACE_MS);
  }
  const strays = strayProcesses(paths.root, known);
  for (const stray of strays) log(`ending stray pid ${stray.pid}`);
  await Promise.all(strays.map((stray) => endProcessGroup(stray, STRAY_GRACE_MS)));
  await Promise.all([...SLOT_NAMES, "router" as const].map((name) => household.keepUp(name)));
}

async function doChores(household: Household, onEnd: (why: string) => void): Promise<void> {
  const { paths, log } = household;
  try {
    const names = await readdir(paths.root);
    if (!names.includes("desired.json") && !names.includes("keeper.json")) throw new Error("the folder was emptied");
    for (const name of ["keeper", "router", ...SLOT_NAMES]) boundLog(paths.log(name));
    const leftovers = names.filter((name) => name.endsWith(".tmp") && !name.includes(`.${process.pid}-`));
    for (const name of leftovers) await rm(join(paths.root, name), { force: true });
  } catch (error) {
    // Somebody deleted the folder: nobody could ever find or stop these processes again.
    log(`giving up: ${String(error)}`);
    await household.endAll(STOP_GRACE_MS);
    onEnd("the environment's folder is gone");
  }
}
