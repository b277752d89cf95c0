import { rm } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";

import { writeTwice } from "../../../base/durable-file.ts";
import { problem } from "../../../base/problem.ts";
import { isSameProcess } from "../../../base/process-identity.ts";
import type { StopAnswer } from "../../../deployment/target.ts";
import { openDesiredStore } from "../../../keeper/desired-store.ts";
import { endEverything } from "../../../keeper/end-everything.ts";
import { endProcessGroup } from "../../../keeper/end-process.ts";
import { takeKeeperLock } from "../../../keeper/keeper-lock.ts";
import { NOTHING_DESIRED } from "../../../keeper/wire.ts";
import { livingKeeper, orderKeeper } from "./keeper-client.ts";
import type { Place } from "./place.ts";

const STOP_TIMEOUT_MS = 90_000;
const KEEPER_END_MS = 5000;
const POLL_MS = 10;
const ROUND_LIMIT = 20;

/**
 * Records that the environment is stopped, then ends router, slots and keeper. A keeper that runs does it; where none does,
 * this process takes the keeper's place for the moment, so that no other can start anything meanwhile.
 */
export async function stopEnvironment(place: Place, epoch: number): Promise<StopAnswer> {
  const ended: number[] = [];
  const { stopGraceMs: graceMs } = place.options;
  for (let round = 0; round < ROUND_LIMIT; round += 1) {
    const keeper = await livingKeeper(place);
    if (keeper !== null) {
      const order = { line: "POST /stop", body: { epoch, graceMs }, timeoutMs: STOP_TIMEOUT_MS };
      const answer = await orderKeeper(place, order);
      if (answer.ok) ended.push(...(JSON.parse(answer.value) as { endedPids: number[] }).endedPids);
      else if (answer.error.some(({ code }) => code === "ENVIRONMENT_BUSY")) return result(ended, answer.error);
      if (!(await waitForEnd(keeper))) await endProcessGroup(keeper, 0);
      ended.push(keeper.pid);
      continue;
    }
    const pids = await stopWithoutKeeper(place, epoch);
    if (pids === null) {
      // Somebody is just starting a keeper: it will have a record in a moment.
      await sleep(POLL_MS * 5);
      continue;
    }
    ended.push(...pids);
    return result(ended, []);
  }
  return result(ended, [
    problem("KEEPER_UNREACHABLE", {
      place: place.name,
      message: "its keeper can't be ended",
      remedy: "end it by its pid",
    }),
  ]);
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

function result(ended: readonly number[], problems: StopAnswer["problems"]): StopAnswer {
  const endedPids = [...new Set(ended)];
  return { wasRunning: endedPids.length > 0, endedPids, problems };
}
