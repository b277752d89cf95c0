import { setTimeout as sleep } from "node:timers/promises";

import { readEither, readJson } from "../../../base/durable-file.ts";
import { problem, type Problem } from "../../../base/problem.ts";
import { isSameProcess, isSuspended } from "../../../base/process-identity.ts";
import { err, ok, type Result } from "../../../base/result.ts";
import { callHttp } from "../../../keeper/control-client.ts";
import { keeperLockHolder } from "../../../keeper/keeper-lock.ts";
import { spawnKeeper } from "../../../keeper/spawn-keeper.ts";
import {
  parseDesiredState,
  parseKeeperRecord,
  type KeeperRecord,
  type KeeperRefusal,
  type KeeperState,
} from "../../../keeper/wire.ts";
import type { Place } from "./place.ts";

const LOOK_TIMEOUT_MS = 2000;
const POLL_MS = 20;
/** A router starts a dead keeper again within a fraction of this. */
const SELF_HEALING_MS = 1000;
const START_LIMIT_MS = 10_000;

/** The keeper that runs, by its record; null when none does. */
export async function livingKeeper({ paths }: Place): Promise<KeeperRecord | null> {
  const record = await readJson(paths.keeperRecord, parseKeeperRecord);
  return record.ok && record.value !== null && isSameProcess(record.value) ? record.value : null;
}

/** What the keeper says about itself and what it keeps; null when none answers. */
export async function askKeeper(place: Place): Promise<KeeperState | null> {
  const keeper = await livingKeeper(place);
  if (keeper === null || isSuspended(keeper)) return null;
  try {
    const reply = await call(keeper, { line: "GET /state", timeoutMs: LOOK_TIMEOUT_MS });
    return reply.status === 200 ? (JSON.parse(reply.text) as KeeperState) : null;
  } catch {
    // It ended while it was asked.
    return null;
  }
}

export interface KeeperOrder {
  /** `PUT /slots/blue`. */
  readonly line: string;
  readonly body: { readonly epoch: number; readonly [name: string]: unknown };
  readonly timeoutMs: number;
}

/**
 * Gives the keeper an order. One that dies meanwhile is waited for, and started when nobody else does: orders are idempotent.
 * An environment that was stopped stays stopped, and the order fails.
 */
export async function orderKeeper(place: Place, order: KeeperOrder): Promise<Result<string, readonly Problem[]>> {
  const deadline = performance.now() + START_LIMIT_MS;
  let missingSince: number | null = null;
  while (performance.now() < deadline) {
    const keeper = await livingKeeper(place);
    if (keeper !== null) {
      missingSince = null;
      if (isSuspended(keeper)) return err([suspendedProblem(place, keeper)]);
      const reply = await call(keeper, order).catch(() => null);
      if (reply !== null) return judge(place, reply);
    } else {
      if (await isStopped(place)) return err([unreachableProblem(place, "the environment was stopped")]);
      missingSince ??= performance.now();
      if (performance.now() - missingSince > SELF_HEALING_MS) {
        spawnKeeper(place.paths.root);
        missingSince = performance.now();
      }
    }
    await sleep(POLL_MS);
  }
  return err([unreachableProblem(place, `no keeper answers; see ${place.paths.log("keeper")}`)]);
}

/** Starts a keeper, if none runs, also after a `stop`. `epoch` is that of the caller's lease. */
export async function ensureKeeper(place: Place, epoch: number): Promise<readonly Problem[]> {
  const deadline = performance.now() + START_LIMIT_MS;
  let spawnedAt = -Infinity;
  while (performance.now() < deadline) {
    const keeper = await livingKeeper(place);
    if (keeper !== null && isSuspended(keeper)) return [suspendedProblem(place, keeper)];
    const state = await askKeeper(place);
    // One that is just stopping has to be gone before another can take its place.
    if (state !== null && !state.isStopped) return [];
    if (state === null && performance.now() - spawnedAt > SELF_HEALING_MS) {
      spawnedAt = performance.now();
      if (spawnKeeper(place.paths.root, epoch) === undefined) break;
    }
    await sleep(POLL_MS / 2);
  }
  const holder = await keeperLockHolder(place.paths.root);
  const hindrance = holder === null ? "" : ` beside pid ${holder.pid}, which does not answer`;
  return [unreachableProblem(place, `no keeper can be started${hindrance}; see ${place.paths.log("keeper")}`)];
}

function call(
  keeper: KeeperRecord,
  order: { readonly line: string; readonly body?: unknown; readonly timeoutMs: number },
): ReturnType<typeof callHttp> {
  const [method = "GET", path = "/"] = order.line.split(" ");
  const { port, token } = keeper;
  return callHttp({ host: "127.0.0.1", port, token, method, path, body: order.body, timeoutMs: order.timeoutMs });
}

function judge(place: Place, reply: { status: number; text: string }): Result<string, readonly Problem[]> {
  if (reply.status === 200) return ok(reply.text);
  const refusal = parseRefusal(reply.text);
  const { port, host } = place.options;
  switch (refusal.code) {
    case "stale-epoch":
      return err([problem("ENVIRONMENT_BUSY", { place: place.name, message: refusal.message })]);
    case "port-taken":
      return err([problem("PORT_TAKEN", { place: `port ${port}`, message: `in use on ${host}` })]);
    case "unwritable":
      return err([problem("STORE_UNWRITABLE", { place: place.paths.root, message: refusal.message })]);
    case "stopped":
    case "router-failed":
    case "invalid":
      return err([unreachableProblem(place, refusal.message)]);
    default:
      return err([unreachableProblem(place, `the keeper answered with status ${reply.status}`)]);
  }
}

function parseRefusal(text: string): Partial<KeeperRefusal> & { readonly message: string } {
  try {
    return { message: text, ...(JSON.parse(text) as Partial<KeeperRefusal>) };
  } catch {
    return { message: text };
  }
}

async function isStopped({ paths }: Place): Promise<boolean> {
  const desired = await readEither(paths.desired, parseDesiredState);
  return desired.ok && desired.value !== null && desired.value.isStopped;
}

function suspendedProblem({ name }: Place, { pid }: KeeperRecord): Problem {
  const message = `its keeper (pid ${pid}) is stopped, by SIGSTOP or a debugger`;
  const remedy = `let it go on: kill -CONT ${pid}; or \`greenlight down\`, which ends it`;
  return problem("KEEPER_UNREACHABLE", { place: name, message, remedy });
}

function unreachableProblem({ name }: Place, message: string): Problem {
  return problem("KEEPER_UNREACHABLE", { place: name, message });
}
