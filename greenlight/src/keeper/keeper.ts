import { setTimeout as sleep } from "node:timers/promises";

import { writeWhole } from "../base/durable-file.ts";
import type { Problem } from "../base/problem.ts";
import { isSameProcess, ownIdentity, type ProcessIdentity } from "../base/process-identity.ts";
import { ok, type Result } from "../base/result.ts";
import { routerKey, type AcmeSettings } from "../router/wire.ts";
import type { CertificateWatch } from "./certificates/watch-certificate.ts";
import { createChores } from "./chores.ts";
import { serveControl } from "./control-server.ts";
import { openDesiredStore, type DesiredStore } from "./desired-store.ts";
import { endAsTold } from "./end-as-told.ts";
import { endEverything } from "./end-everything.ts";
import { endProcessGroup } from "./end-process.ts";
import { environmentFolder, type EnvironmentFolder } from "./environment-folder.ts";
import { holdFolder, type HeldFolder } from "./held-folder.ts";
import type { Household } from "./household.ts";
import { takeKeeperLock } from "./keeper-lock.ts";
import { obey } from "./orders.ts";
import { placeSlot } from "./place-slot.ts";
import { routerSupervisor, slotSupervisor } from "./plans.ts";
import { refuseUnwritable } from "./refuse-unwritable.ts";
import { strayKeepers, strayProcesses } from "./stray-processes.ts";
import { readProcessRecord, type Supervisor } from "./supervisor.ts";
import { dueSlots, retireWarmSlots } from "./warm-slots.ts";
import { watchMemory } from "./watch-memory.ts";
import { SLOT_NAMES, type KeeperRecord, type KeeperRefusal, type SlotName } from "./wire.ts";

export interface KeeperOptions {
  readonly folder: string;
  /** Set: start again what was stopped, on behalf of a controller of that fencing epoch. */
  readonly resumeEpoch: number | null;
  /** How often logs are bounded. */
  readonly choresEveryMs?: number;
  log(line: string): void;
  /** Aborted when the keeper is told to end. */
  readonly told?: AbortSignal;
  /** The keeper has nothing left to keep, or was told to end. */
  onEnd(why: string): void;
}

const CHORES_EVERY_MS = 10_000;
const LOGS_EVERY_MS = 1000;
/** Well within the time for which whoever asks waits for an answer. */
const SETTLING_LIMIT_MS = 1000;
/** How often the folder is looked for: until then, a keeper of a new folder at its path finds the old one's processes. */
const LOOK_EVERY_MS = 250;
/** A controller that started a keeper and died before its first order leaves one that keeps nothing. */
const WARM_POLL_MS = 1000;
const CERTIFICATE_EVERY_MS = 1000;
const IDLE_LIMIT_MS = 60_000;
const STRAY_GRACE_MS = 1000;
const STOP_GRACE_MS = 5000;
const GONE: KeeperRefusal = { code: "stopped", message: "the environment's folder is gone" };

/**
 * Keeps one environment running. Answers a word why not, when there is nothing to do: another keeper is at it, or the
 * environment was stopped.
 */
export async function startKeeper(options: KeeperOptions): Promise<Result<"keeping" | "another" | "stopped", Problem>> {
  const paths = environmentFolder(options.folder);
  const held = holdFolder(paths.root);
  if ((await takeKeeperLock(options.folder)) === null) {
    held.release();
    return ok("another");
  }
  const opened = await openDesiredStore(paths);
  if (!opened.ok) return opened;
  const household = createHousehold(paths, opened.value, { ...options, held });
  const { isStopped, epoch } = opened.value.current();
  if (isStopped && (options.resumeEpoch === null || options.resumeEpoch < epoch)) {
    await household.endAll(STOP_GRACE_MS);
    return ok("stopped");
  }
  if (isStopped) await opened.value.change({ isStopped: false });

  let queue: Promise<unknown> = settleIn(household).catch((error: unknown) => options.log(String(error)));
  // Before it has taken over what runs, a keeper knows of nothing, and would say that nothing runs.
  const settled = Promise.race([queue, sleep(SETTLING_LIMIT_MS)]);
  let orderedAt = Date.now();
  const control = await serveControl(
    (request) => {
      if (held.loss() !== null) return Promise.resolve({ status: 409, body: GONE });
      // One order after the other; only looking needs no turn.
      if (request.line === "GET /state") return settled.then(() => obey(household, request, options.onEnd));
      orderedAt = Date.now();
      const answer = queue.then(() => obey(household, request, options.onEnd)).catch(refuseUnwritable);
      queue = answer.catch(() => {});
      return answer;
    },
    (error) => options.log(`control: ${String(error)}`),
  );
  const record: KeeperRecord = { schema: 1, ...ownIdentity(), port: control.port, token: control.token };
  // What can't be written now is written by the chores, later: it is no reason to leave what was just taken over.
  await writeWhole(paths.keeperRecord, JSON.stringify(record)).catch((error: unknown) => options.log(String(error)));
  options.log(`keeping ${options.folder} on control port ${control.port}`);
  const writerOf = (slot: SlotName): ProcessIdentity | null => household.supervisors.get(slot)?.identity ?? null;
  const chores = createChores({ paths, record, log: options.log, writerOf });
  const leave = once(async (why: string) => {
    timers.forEach((timer) => clearInterval(timer));
    endMemoryWatch();
    options.log(`giving up: ${why}`);
    await household.endOwn(STOP_GRACE_MS).catch((error: unknown) => options.log(String(error)));
    held.release();
    options.onEnd(why);
  });
  const endMemoryWatch = watchMemory(household.supervisors);
  const obeyTerm = once(async () => {
    timers.forEach((timer) => clearInterval(timer));
    endMemoryWatch();
    await endAsTold(household, STOP_GRACE_MS).catch((error: unknown) => options.log(String(error)));
    held.release();
    options.onEnd("told to end");
  });
  const timers = [
    setInterval(() => {
      if (hasNothingToKeep(household) && Date.now() - orderedAt > IDLE_LIMIT_MS) void leave("there is nothing to keep");
      else if (held.loss() === null) void chores.tidy();
    }, options.choresEveryMs ?? CHORES_EVERY_MS),
    setInterval(() => {
      if (held.loss() === null && dueSlots(household, Date.now()).length > 0) retire();
    }, WARM_POLL_MS),
    setInterval(() => {
      if (held.loss() === null) void chores.boundLogs();
    }, options.choresEveryMs ?? LOGS_EVERY_MS),
    setInterval(() => void look(), LOOK_EVERY_MS),
    setInterval(() => {
      if (held.loss() === null) void household.certificate().then((watch) => watch?.look());
    }, CERTIFICATE_EVERY_MS),
  ];
  // In turn with the orders, so that a slot is not ended while somebody just goes back to it.
  const retire = (): void => {
    queue = queue
      .then(() => retireWarmSlots(household, Date.now()))
      .catch((error: unknown) => options.log(String(error)));
  };
  const look = async (): Promise<void> => {
    const loss = held.loss() ?? (await chores.mendRecord());
    // Nobody could ever find or stop these processes again.
    if (loss !== null) await leave(loss);
  };
  options.told?.addEventListener("abort", () => void obeyTerm("told"));
  if (options.told?.aborted === true) void obeyTerm("told");
  return ok("keeping");
}

function createHousehold(
  paths: EnvironmentFolder,
  desired: DesiredStore,
  { log, held }: { readonly held: HeldFolder; log(line: string): void },
): Household {
  const supervisors = new Map<"router" | SlotName, Supervisor>();
  const isFolderOurs = (): boolean => held.loss() === null;
  const around = { paths, log, isFolderOurs };
  const acmeSettings = (): AcmeSettings | null => desired.current().router?.tls?.acme ?? null;
  const isReachable = (): boolean => supervisors.get("router")?.isReady === true;
  let certificate: CertificateWatch | null = null;
  const household: Household = {
    paths,
    desired,
    supervisors,
    log,
    certificate: async () => {
      if (acmeSettings() === null) return null;
      // Few environments need it, and a keeper has to start fast.
      const { CertificateWatch: Watch } = await import("./certificates/watch-certificate.ts");
      certificate ??= new Watch({ paths, settings: acmeSettings, isReachable, log });
      return certificate;
    },
    knownCertificate: () => certificate?.state() ?? null,
    keepUp: async (name) => {
      if (!isFolderOurs()) return;
      const state = desired.current();
      const slot = name === "router" ? null : state.slots[name];
      if (slot?.isParked === true) return;
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
    endOwn: async (graceMs) => {
      // All supervisors are told at once, so that none starts again what another end took down.
      const router = supervisors.get("router");
      const endedRouter = router === undefined ? [] : await router.end(graceMs);
      const ended = await Promise.all(SLOT_NAMES.map((name) => supervisors.get(name)?.end(graceMs) ?? []));
      supervisors.clear();
      return [...endedRouter, ...ended.flat()];
    },
    endAll: async (graceMs) => {
      const own = await household.endOwn(graceMs);
      // What is at the path now may be another keeper's.
      if (!isFolderOurs()) return own;
      const strays = await endEverything(paths.root, { graceMs, epoch: desired.current().epoch });
      return [...new Set([...own, ...strays])];
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
  const others = strayKeepers(paths.root);
  for (const other of others) log(`ending pid ${other.pid}, another keeper of this folder`);
  await Promise.all(others.map((other) => endProcessGroup(other, STRAY_GRACE_MS)));
  const known = new Set<number>();
  for (const name of ["router", ...SLOT_NAMES] as const) {
    const record = await readProcessRecord(paths, name);
    if (record === null || !isSameProcess(record)) continue;
    known.add(record.pid);
    const slot = name === "router" ? null : state.slots[name];
    const wanted = slot === null || slot.isParked === true ? null : slot.deploymentId;
    const key = name === "router" ? state.router && routerKey(state.router) : wanted;
    if (record.key === key) continue;
    log(`${name}: ending pid ${record.pid}, which is not wanted any more`);
    await endProcessGroup(record, STOP_GRACE_MS);
  }
  const strays = strayProcesses(paths.root, known);
  for (const stray of strays) log(`ending stray pid ${stray.pid}`);
  await Promise.all(strays.map((stray) => endProcessGroup(stray, STRAY_GRACE_MS)));
  await Promise.all([...SLOT_NAMES, "router" as const].map((name) => household.keepUp(name)));
}

function once(act: (why: string) => Promise<void>): (why: string) => Promise<void> {
  let isDone = false;
  return async (why) => {
    if (isDone) return;
    isDone = true;
    await act(why);
  };
}
