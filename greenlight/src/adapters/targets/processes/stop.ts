import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

import { writeTwice } from "../../../base/durable-file.ts";
import { problem } from "../../../base/problem.ts";
import { isSameProcess, isSuspended, type ProcessIdentity } from "../../../base/process-identity.ts";
import type { StopAnswer } from "../../../deployment/target.ts";
import { openDesiredStore } from "../../../keeper/desired-store.ts";
import { endEverything } from "../../../keeper/end-everything.ts";
import { endProcessGroup } from "../../../keeper/end-process.ts";
import { keeperLockHolder, takeKeeperLock } from "../../../keeper/keeper-lock.ts";
import { strayKeepers } from "../../../keeper/stray-processes.ts";
import { NOTHING_DESIRED, type KeeperRecord } from "../../../keeper/wire.ts";
import { askKeeper, livingKeeper, orderKeeper } from "./keeper-client.ts";
import type { Place } from "./place.ts";

const STOP_TIMEOUT_MS = 90_000;
const KEEPER_END_MS = 5000;
/** A keeper alone ends at once on TERM. */
const KEEPER_GRACE_MS = 1000;
/** Each look takes two seconds at most. */
const LOOK_COUNT = 3;
/** Who refuses a connection may be just about to end. */
const LOOK_AGAIN_MS = 300;
const POLL_MS = 10;
/** What no other way would mend: a newer controller, and a disk that does not take that the environment is to stay stopped. */
const FINAL: ReadonlySet<string> = new Set(["ENVIRONMENT_BUSY", "STORE_UNWRITABLE"]);
const ROUND_LIMIT = 20;
const TURN_POLL_MS = 50;
/** Within this time a keeper that starts has written its record, and one that lost it has mended it. */
const RECORD_LIMIT_MS = 2000;
/** Another `stop` that is just at it takes no longer than the grace of its processes and this. */
const OTHER_STOP_MS = 10_000;

/**
 * Records that the environment is stopped, then ends router, slots and keeper. A keeper that runs does it; where none does,
 * this process takes the keeper's place for the moment, so that no other can start anything meanwhile.
 */
export async function stopEnvironment(place: Place, epoch: number): Promise<StopAnswer> {
  const ended: number[] = [];
  const notes: string[] = [];
  const result = (endedPids: readonly number[], problems: StopAnswer["problems"]): StopAnswer =>
    answerOf(endedPids, problems, notes);
  const { stopGraceMs: graceMs } = place.options;
  for (let round = 0; round < ROUND_LIMIT; round += 1) {
    const keeper = await livingKeeper(place);
    const why = keeper === null ? null : await whyDeaf(place, keeper);
    if (keeper !== null && why !== null) {
      notes.push(`its keeper (pid ${keeper.pid}) ${why}, and was killed`);
      await endProcessGroup(keeper, 0);
      ended.push(keeper.pid);
      continue;
    }
    if (keeper !== null) {
      const order = { line: "POST /stop", body: { epoch, graceMs }, timeoutMs: STOP_TIMEOUT_MS };
      const answer = await orderKeeper(place, order);
      if (answer.ok) ended.push(...(JSON.parse(answer.value) as { endedPids: number[] }).endedPids);
      else if (answer.error.some(({ code }) => FINAL.has(code))) return result(ended, answer.error);
      if (!(await waitForEnd(keeper))) await endProcessGroup(keeper, 0);
      ended.push(keeper.pid);
      continue;
    }
    const pids = await stopWithoutKeeper(place, epoch);
    if (pids !== null) return result([...ended, ...pids], []);
    const unrecorded = await waitForTurn(place);
    if (unrecorded !== null && (await endProcessGroup(unrecorded, KEEPER_GRACE_MS))) ended.push(unrecorded.pid);
  }
  const { paths, name } = place;
  const holder = (await livingKeeper(place)) ?? (await keeperLockHolder(paths.root));
  const pid = holder === null ? "" : ` (pid ${holder.pid})`;
  return result(ended, [
    problem("KEEPER_UNREACHABLE", {
      place: name,
      message: `its keeper${pid} can't be ended`,
      remedy: holder === null ? "try again" : `end it by its pid: kill ${holder.pid}`,
    }),
  ]);
}

/**
 * Waits while another process is at the environment, until a keeper has a record or nobody is left. Answers a keeper
 * that writes none, known by the lock that it holds, and null otherwise.
 */
async function waitForTurn(place: Place): Promise<ProcessIdentity | null> {
  const { root } = place.paths;
  const startedAt = performance.now();
  const limitMs = place.options.stopGraceMs + OTHER_STOP_MS;
  while (performance.now() - startedAt < limitMs) {
    await sleep(TURN_POLL_MS);
    const holder = await keeperLockHolder(root);
    if (holder === null || (await livingKeeper(place)) !== null) return null;
    if (performance.now() - startedAt > RECORD_LIMIT_MS && isKeeper(root, holder)) return holder;
  }
  return null;
}

/** Where no processes can be listed, the lock alone has to tell. */
function isKeeper(folder: string, holder: ProcessIdentity): boolean {
  return process.platform === "win32" || strayKeepers(folder).some(({ pid }) => pid === holder.pid);
}

async function stopWithoutKeeper({ paths, options }: Place, epoch: number): Promise<number[] | null> {
  const lock = await takeKeeperLock(paths.root);
  if (lock === null) return null;
  try {
    const opened = await openDesiredStore(paths);
    const stopped = { ...NOTHING_DESIRED, isStopped: true, epoch };
    if (opened.ok) await opened.value.change(stopped);
    // What can't be read can't say any more what should run; from here on it is clear that nothing should.
    else await writeTwice(paths.desired, stopped);
    const pids = await endEverything(paths.root, { graceMs: options.stopGraceMs, epoch });
    await rm(paths.keeperRecord, { force: true });
    return pids;
  } finally {
    await lock.release();
  }
}

async function waitForEnd(keeper: { readonly pid: number; readonly startTime: string }): Promise<boolean> {
  const deadline = performance.now() + KEEPER_END_MS;
  while (performance.now() < deadline) {
    if (!isSameProcess(keeper)) return true;
    await sleep(POLL_MS);
  }
  return false;
}

/** Why the keeper would not hear an order: to wait for it would be in vain. Null while it answers. */
async function whyDeaf(place: Place, keeper: KeeperRecord): Promise<string | null> {
  for (let attempt = 0; attempt < LOOK_COUNT; attempt += 1) {
    if (isSuspended(keeper)) return "was stopped, by SIGSTOP or a debugger";
    // One that has just ended is no deaf one.
    if ((await askKeeper(place)) !== null || !isSameProcess(keeper)) return null;
    await sleep(LOOK_AGAIN_MS);
  }
  return "did not answer";
}

function answerOf(ended: readonly number[], problems: StopAnswer["problems"], notes: readonly string[]): StopAnswer {
  const endedPids = [...new Set(ended)];
  const answer = { wasRunning: endedPids.length > 0, endedPids, problems };
  return notes.length === 0 ? answer : { ...answer, notes };
}
