import { readdirSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";

import { readEither, writeWhole } from "../../../base/durable-file.ts";
import { highestLock, takeNumberedLock } from "../../../base/numbered-lock.ts";
import { problem, ProblemError } from "../../../base/problem.ts";
import { isProcessIdentity, isSameProcess, isSuspended, ownIdentity } from "../../../base/process-identity.ts";
import type { Lease, LeaseAnswer, LeaseHolder, LeaseTaking } from "../../../deployment/target.ts";
import { parseDesiredState } from "../../../keeper/wire.ts";
import { parseRoute } from "../../../router/wire.ts";
import { orderKeeper, livingKeeper } from "./keeper-client.ts";
import type { Place } from "./place.ts";
import { fenceRouter } from "./router-client.ts";

const LEASE_MS = 20_000;
const RENEW_EVERY_MS = 5000;
const FENCE_TIMEOUT_MS = 2000;

interface LeaseRecord extends LeaseHolder {
  readonly pid: number;
  readonly startTime: string;
  readonly host: string;
  readonly takenAt: string;
  /** Milliseconds since the epoch. */
  readonly expiresAt: number;
  readonly isReleased: boolean;
}

/**
 * Takes the lease of an environment. It belongs to a process: it ends when that process ends, and when it was not renewed
 * for twenty seconds. From the moment it is taken, keeper and router obey no lower epoch. Throws STORE_UNWRITABLE when the
 * disk takes no lease.
 */
export async function takeLease(place: Place, holder: LeaseHolder, how: LeaseTaking): Promise<LeaseAnswer> {
  try {
    return await takeNow(place, holder, how);
  } catch (error) {
    if (!(error instanceof Error) || !("syscall" in error)) throw error;
    throw new ProblemError([problem("STORE_UNWRITABLE", { place: place.paths.leases, message: error.message })], {
      exitCode: 3,
      cause: error,
    });
  }
}

async function takeNow(
  place: Place,
  holder: LeaseHolder,
  { isForced, continuedEpoch = null }: LeaseTaking,
): Promise<LeaseAnswer> {
  const describe = (change: Partial<LeaseRecord>): string => {
    const now = Date.now();
    const record: LeaseRecord = {
      ...holder,
      ...ownIdentity(),
      host: hostname(),
      takenAt: new Date(now).toISOString(),
      expiresAt: now + LEASE_MS,
      isReleased: false,
      ...change,
    };
    return JSON.stringify(record);
  };
  if (continuedEpoch !== null) {
    if ((await highestLock(place.paths.leases)) !== continuedEpoch)
      return { isTaken: false, heldBy: "another controller" };
    const path = join(place.paths.leases, String(continuedEpoch));
    // Whoever takes a higher number meanwhile is seen by `isLost`, as at any other time.
    await writeWhole(path, describe({}));
    return { isTaken: true, lease: keepLease({ place, epoch: continuedEpoch, path, describe }) };
  }
  const lock = await takeNumberedLock({
    folder: place.paths.leases,
    floor: await highestEpoch(place),
    describe: () => describe({}),
    isHeld: (text) => !isForced && isHeld(text),
  });
  if (!lock.isTaken) return { isTaken: false, heldBy: describeHolder(lock.holder) };
  await fence(place, lock.number);
  return { isTaken: true, lease: keepLease({ place, epoch: lock.number, path: lock.path, describe }) };
}

function keepLease(kept: {
  readonly place: Place;
  readonly epoch: number;
  readonly path: string;
  describe(change: Partial<LeaseRecord>): string;
}): Lease {
  const { place, epoch, path, describe } = kept;
  let isReleased = false;
  // Looked up each time: it is what stands between a superseded controller and the environment.
  const isLost = (): boolean => {
    try {
      return readdirSync(place.paths.leases).some((name) => /^\d+$/.test(name) && Number(name) > epoch);
    } catch (error) {
      // Whoever took the folder away took the environment, and the right to change it.
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return true;
      throw error;
    }
  };
  // One that fails is tried again; a lease that is not renewed ends by itself.
  const renew = async (): Promise<void> => {
    if (!isReleased && !isLost()) await writeWhole(path, describe({}));
  };
  const renewal = setInterval(() => void renew().catch(() => {}), RENEW_EVERY_MS);
  renewal.unref();
  return {
    epoch,
    isLost,
    release: async () => {
      clearInterval(renewal);
      if (isReleased || isLost()) return;
      isReleased = true;
      await writeWhole(path, describe({ isReleased: true }));
    },
  };
}

/** Best effort here: the first order with the new epoch does the same. */
async function fence(place: Place, epoch: number): Promise<void> {
  const keeper = await livingKeeper(place);
  if (keeper === null || isSuspended(keeper)) return;
  // Each waits for its disk.
  await Promise.all([
    orderKeeper(place, { line: "PUT /epoch", body: { epoch }, timeoutMs: FENCE_TIMEOUT_MS }),
    fenceRouter(place, epoch),
  ]);
}

/** So that epochs go on rising when the folder of locks was lost. */
async function highestEpoch({ paths }: Place): Promise<number> {
  const [desired, route] = await Promise.all([
    readEither(paths.desired, parseDesiredState),
    readEither(paths.route, parseRoute),
  ]);
  return Math.max(desired.ok ? (desired.value?.epoch ?? 0) : 0, route.ok ? (route.value?.epoch ?? 0) : 0);
}

function isHeld(text: string): boolean {
  const record = parseLease(text);
  if (record === null || record.isReleased === true || (record.expiresAt ?? 0) <= Date.now()) return false;
  return record.host === hostname() ? isProcessIdentity(record) && isSameProcess(record) : true;
}

function describeHolder(text: string | null): string {
  const record = text === null ? null : parseLease(text);
  if (record === null) return "another controller";
  return `${record.who ?? "somebody"} (pid ${record.pid ?? "?"} on ${record.host ?? "?"}, since ${record.takenAt ?? "?"})`;
}

function parseLease(text: string): Partial<LeaseRecord> | null {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? (value as Partial<LeaseRecord>) : null;
  } catch {
    return null;
  }
}
