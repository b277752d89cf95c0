import { setTimeout as sleep } from "node:timers/promises";

import { readJson } from "../../../base/durable-file.ts";
import { problem, type Problem } from "../../../base/problem.ts";
import { isSameProcess } from "../../../base/process-identity.ts";
import { err, ok, type Result } from "../../../base/result.ts";
import type { RecordingSettings } from "../../../deployment/gates/recorded-exchange.ts";
import type { RouteChange } from "../../../deployment/target.ts";
import { callHttp } from "../../../keeper/control-client.ts";
import {
  parseRouterRecord,
  type Route,
  type RouterRecord,
  type RouterStatus,
  type RouteSwap,
} from "../../../router/wire.ts";
import type { Place } from "./place.ts";

const CALL_TIMEOUT_MS = 5000;
const POLL_MS = 20;
/** A keeper starts a dead router again within a fraction of this. */
const RETURN_LIMIT_MS = 5000;

/** The router that runs, by its record; null when none does. */
export async function livingRouter({ paths }: Place): Promise<RouterRecord | null> {
  const record = await readJson(paths.routerRecord, parseRouterRecord);
  return record.ok && record.value !== null && isSameProcess(record.value) ? record.value : null;
}

/** Route and counters as the router has them; null when none answers. */
export async function askRouter(place: Place): Promise<RouterStatus | null> {
  const router = await livingRouter(place);
  if (router === null) return null;
  try {
    const reply = await call(router, { method: "GET", path: "/status" });
    return reply.status === 200 ? (JSON.parse(reply.text) as RouterStatus) : null;
  } catch {
    // It ended while it was asked.
    return null;
  }
}

/** Moves the traffic: compare and swap with the `route` that was just seen. `port` is where the slot listens. */
export async function switchRoute(
  place: Place,
  change: RouteChange,
  { port, route }: { readonly port: number; readonly route: Route },
): Promise<readonly Problem[]> {
  const { to, epoch } = change;
  const live = route.upstream?.deploymentId ?? null;
  if (live !== change.from && live !== to.deploymentId) {
    return [busy(place, `${live ?? "nothing"} is live, not ${change.from ?? "nothing"}`)];
  }
  const next: Route = { schema: 1, epoch, upstream: { ...to, host: "127.0.0.1", port } };
  const swap: RouteSwap = { expected: { deploymentId: live, epoch: route.epoch }, next };
  return orderRouter(place, { method: "PUT", path: "/route", body: swap });
}

/** Lets requests wait in front of what is live, or no more. ENVIRONMENT_BUSY when a newer controller has set the route. */
export async function holdRoute(
  place: Place,
  { epoch, until }: { readonly epoch: number; readonly until: number | null },
): Promise<readonly Problem[]> {
  const router = await waitForRouter(place);
  if (!router.ok) return router.error;
  const { route } = router.value;
  if (route.epoch > epoch) return [busy(place, `epoch ${epoch} was superseded by ${route.epoch}`)];
  const expected = { deploymentId: route.upstream?.deploymentId ?? null, epoch: route.epoch };
  const held = until === null ? {} : { holdUntilMs: until };
  const next: Route = { schema: 1, epoch, upstream: route.upstream, ...held };
  return orderRouter(place, { method: "PUT", path: "/route", body: { expected, next } });
}

/** Makes the router refuse controllers of a lower epoch, by raising that of the route it has. */
export async function fenceRouter(place: Place, epoch: number): Promise<void> {
  const status = await askRouter(place);
  if (status === null || status.route.epoch >= epoch) return;
  const { route } = status;
  const expected = { deploymentId: route.upstream?.deploymentId ?? null, epoch: route.epoch };
  const swap: RouteSwap = { expected, next: { ...route, epoch } };
  await orderRouter(place, { method: "PUT", path: "/route", body: swap });
}

/** Breaks what is still under way at a deployment without traffic, and forgets its connections. */
export async function closeUpstream(place: Place, deploymentId: string): Promise<readonly Problem[]> {
  return orderRouter(place, { method: "POST", path: "/close", body: { deploymentId } });
}

/** Tells the router what to record. A router that can't is no reason to leave the traffic where it is. */
export async function setRecording(place: Place, recording: RecordingSettings | null): Promise<void> {
  await orderRouter(place, { method: "PUT", path: "/recording", body: recording });
}

interface RouterCall {
  readonly method: string;
  readonly path: string;
  readonly body?: unknown;
}

async function orderRouter(place: Place, order: RouterCall): Promise<readonly Problem[]> {
  const router = await livingRouter(place);
  if (router === null) return [unreachable(place, "the router does not run")];
  try {
    const reply = await call(router, order);
    if (reply.status === 200) return [];
    if (reply.status === 409) return [busy(place, "the route was changed by another controller")];
    if (reply.status === 507) return [unwritable(place, reply.text)];
    return [unreachable(place, `the router answered with status ${reply.status}; see ${place.paths.log("router")}`)];
  } catch (error) {
    return [unreachable(place, (error as Error).message)];
  }
}

/** One that has just ended is back in a moment. */
export async function waitForRouter(place: Place): Promise<Result<RouterStatus, readonly Problem[]>> {
  const deadline = performance.now() + RETURN_LIMIT_MS;
  for (;;) {
    const status = await askRouter(place);
    if (status !== null) return ok(status);
    if (performance.now() > deadline) return err([unreachable(place, "the router does not answer")]);
    await sleep(POLL_MS);
  }
}

function call(router: RouterRecord, { method, path, body }: RouterCall): ReturnType<typeof callHttp> {
  const { adminPort: port, token } = router;
  return callHttp({ host: "127.0.0.1", port, token, method, path, body, timeoutMs: CALL_TIMEOUT_MS });
}

function busy({ name }: Place, message: string): Problem {
  return problem("ENVIRONMENT_BUSY", { place: name, message });
}

/** The disk refused: the route stays as it was. */
function unwritable({ paths }: Place, text: string): Problem {
  const { message } = JSON.parse(text) as { readonly message: string };
  return problem("STORE_UNWRITABLE", { place: paths.route, message });
}

function unreachable({ name }: Place, message: string): Problem {
  return problem("KEEPER_UNREACHABLE", { place: `${name}, router`, message });
}
