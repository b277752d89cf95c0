import { existsSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";

import { readEither, readJson } from "../base/durable-file.ts";
import { formatProblem } from "../base/problem.ts";
import { isSameProcess, processStartTime, type ProcessIdentity } from "../base/process-identity.ts";
import { environmentFolder } from "./environment-folder.ts";
import { keeperLockHolder } from "./keeper-lock.ts";
import { spawnKeeper } from "./spawn-keeper.ts";
import { parseDesiredState, parseKeeperRecord, SLOT_NAMES } from "./wire.ts";

export interface StandByOptions {
  readonly folder: string;
  log(line: string): void;
  /** False: the system goes down, and nothing is to be started any more. */
  mayStart(): boolean;
  /** Another version of what stands by has come in its place. */
  isReplaced(): boolean;
  /** Aborted: it is to end. */
  readonly signal: AbortSignal;
}

const LOOK_EVERY_MS = 100;
/** Nothing is to be kept, so nobody waits. */
const IDLE_LOOK_EVERY_MS = 1000;
const FIRST_RETRY_MS = 500;
const LAST_RETRY_MS = 30_000;

/**
 * Starts a keeper whenever something should run and nobody keeps it: after a boot, or when keeper and router were lost at
 * once. Starts none in an environment that was stopped. Resolves when the folder is gone, the signal is aborted, or another version
 * has come, which systemd starts then: the files of this one may be removed.
 */
export async function standBy({ folder, log, mayStart, isReplaced, signal }: StandByOptions): Promise<void> {
  let retryMs = FIRST_RETRY_MS;
  let retryAt = -Infinity;
  let started: ProcessIdentity | null = null;
  let holder: ProcessIdentity | null = null;
  let lastKeeper = "";
  let told = "";
  log(`standing by for ${folder}`);
  while (!signal.aborted && existsSync(folder)) {
    if (isReplaced()) return log("another version has come; making room for it");
    // Mostly there is somebody, and to see that costs next to nothing.
    if (holder !== null && isSameProcess(holder)) {
      await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
      continue;
    }
    const need = await readNeed(folder);
    if (need.problem !== told && need.problem !== "") log(need.problem);
    told = need.problem;
    // Another keeper than before shows that the last start was a success, even when that one is gone again already.
    if (!need.isKeeperWanted || need.lastKeeper !== lastKeeper) {
      retryMs = FIRST_RETRY_MS;
      retryAt = -Infinity;
    }
    ({ lastKeeper, holder } = need);
    // A slow machine is not helped by a second one that starts beside the first.
    const isStarting = started !== null && isSameProcess(started);
    if (need.isKeeperWanted && !isStarting && performance.now() >= retryAt && mayStart()) {
      started = startKeeper(folder);
      log(`nobody keeps ${folder}; starting a keeper (pid ${started?.pid ?? "none"})`);
      retryAt = performance.now() + retryMs;
      retryMs = Math.min(retryMs * 2, LAST_RETRY_MS);
    }
    const isIdle = holder === null && !need.isKeeperWanted;
    await sleep(isIdle ? IDLE_LOOK_EVERY_MS : LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
  }
}

function startKeeper(folder: string): ProcessIdentity | null {
  const pid = spawnKeeper(folder);
  const startTime = pid === undefined ? null : processStartTime(pid);
  return pid === undefined || startTime === null ? null : { pid, startTime };
}

interface Need {
  readonly isKeeperWanted: boolean;
  readonly problem: string;
  readonly lastKeeper: string;
  /** A keeper, or a `down` in its place. */
  readonly holder: ProcessIdentity | null;
}

async function readNeed(folder: string): Promise<Need> {
  const record = await readJson(environmentFolder(folder).keeperRecord, parseKeeperRecord);
  const lastKeeper = record.ok && record.value !== null ? `${record.value.pid} ${record.value.startTime}` : "";
  const holder = await keeperLockHolder(folder).catch(() => null);
  const known = { lastKeeper, holder };
  if (holder !== null) return { isKeeperWanted: false, problem: "", ...known };
  const desired = await readEither(environmentFolder(folder).desired, parseDesiredState);
  // What can't be read is no order to start anything.
  if (!desired.ok) return { isKeeperWanted: false, problem: formatProblem(desired.error), ...known };
  const { isStopped, router, slots } = desired.value ?? { isStopped: true, router: null, slots: null };
  const isSomethingDesired = router !== null || SLOT_NAMES.some((name) => (slots?.[name] ?? null) !== null);
  return { isKeeperWanted: !isStopped && isSomethingDesired, problem: "", ...known };
}
