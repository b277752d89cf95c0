import type { Server } from "node:http";
import type { AddressInfo } from "node:net";

import { writeWhole } from "../base/durable-file.ts";
import { problem, type Problem } from "../base/problem.ts";
import { ownIdentity } from "../base/process-identity.ts";
import { err, ok, type Result } from "../base/result.ts";
import { serveControl, type ControlAnswer, type ControlRequest } from "../keeper/control-server.ts";
import { environmentFolder } from "../keeper/environment-folder.ts";
import { createDataPlane } from "./data-plane.ts";
import { openRouteStore, type RouteStore } from "./route-store.ts";
import { Upstreams, type Upstream } from "./upstream.ts";
import { WaitingRoom } from "./waiting-room.ts";
import { parseRouteSwap, type RouterRecord, type RouterStatus, type RouteUpstream } from "./wire.ts";

export interface RouterOptions {
  /** The environment's folder. */
  readonly folder: string;
  readonly host: string;
  /** 0: a free one. */
  readonly port: number;
  log(line: string): void;
  readonly limits?: Partial<RouterLimits>;
}

export interface RouterLimits {
  readonly holdMs: number;
  readonly waitingLimit: number;
  readonly bodyLimitBytes: number;
  readonly headTimeoutMs: number;
  readonly bodyTimeoutMs: number;
}

export interface Router {
  readonly record: RouterRecord;
  /** Stops accepting, waits for what is under way at most `drainMs`, then cuts it off. */
  close(drainMs: number): Promise<void>;
}

const LIMITS: RouterLimits = {
  holdMs: 3000,
  waitingLimit: 1000,
  bodyLimitBytes: 64 * 1024 * 1024,
  headTimeoutMs: 60_000,
  bodyTimeoutMs: 300_000,
};
const IN_FLIGHT_POLL_MS = 10;

/** Starts to serve. PORT_TAKEN when somebody listens there, STORE_UNREADABLE when the last route can't be read. */
export async function startRouter(options: RouterOptions): Promise<Result<Router, Problem>> {
  const limits = { ...LIMITS, ...options.limits };
  const paths = environmentFolder(options.folder);
  const room = new WaitingRoom(limits.waitingLimit);
  const upstreams = new Upstreams(limits);
  const opened = await openRouteStore(paths.route, (route) => {
    const target = route.upstream;
    options.log(
      target === null ? "route: none" : `route: ${target.deploymentId} (${target.releaseId}), epoch ${route.epoch}`,
    );
    room.wakeAll();
  });
  if (!opened.ok) return opened;
  const routes = opened.value;
  // Asked for each request, answered anew only when the route has changed.
  let selected: { readonly target: RouteUpstream; readonly upstream: Upstream } | null = null;
  const server = createDataPlane({
    room,
    holdMs: limits.holdMs,
    bodyLimitBytes: limits.bodyLimitBytes,
    select: () => {
      const target = routes.current().upstream;
      if (target === null) return null;
      if (target !== selected?.target) selected = { target, upstream: upstreams.select(target) };
      return selected.upstream;
    },
  });
  const port = await listen(server, options);
  if (!port.ok) return port;

  const identity = ownIdentity();
  const status = (): RouterStatus => ({
    ...identity,
    host: options.host,
    port: port.value,
    route: routes.current(),
    waitingCount: room.count,
    upstreams: upstreams.statuses(),
  });
  const admin = await serveControl(
    (request) => administer({ request, routes, upstreams, status }),
    (error) => options.log(`admin: ${String(error)}`),
  );
  const record: RouterRecord = {
    schema: 1,
    ...identity,
    host: options.host,
    port: port.value,
    adminPort: admin.port,
    token: admin.token,
  };
  await writeWhole(paths.routerRecord, JSON.stringify(record));
  options.log(`listening on ${options.host}:${port.value}`);

  return ok({
    record,
    close: async (drainMs) => {
      server.close();
      server.closeIdleConnections();
      const deadline = performance.now() + drainMs;
      while (upstreams.inFlightCount() > 0 && performance.now() < deadline) await pause(IN_FLIGHT_POLL_MS);
      server.closeAllConnections();
      await Promise.all(upstreams.statuses().map((each) => upstreams.close(each.deploymentId)));
      admin.close();
    },
  });
}

async function administer(call: {
  readonly request: ControlRequest;
  readonly routes: RouteStore;
  readonly upstreams: Upstreams;
  status(): RouterStatus;
}): Promise<ControlAnswer> {
  const { line, body } = call.request;
  if (line === "GET /status") return { status: 200, body: call.status() };
  if (line === "PUT /route") {
    const swap = parseRouteSwap(body);
    if (swap === null) return { status: 400, body: { code: "invalid", message: "not a route swap" } };
    const isSwapped = await call.routes.swap(swap);
    return { status: isSwapped ? 200 : 409, body: call.status() };
  }
  if (line === "POST /close") {
    const { deploymentId } = (body ?? {}) as { deploymentId?: unknown };
    const isLive = call.routes.current().upstream?.deploymentId === deploymentId;
    if (typeof deploymentId !== "string" || isLive) {
      return { status: 409, body: { code: "invalid", message: "only a deployment without traffic can be closed" } };
    }
    await call.upstreams.close(deploymentId);
    return { status: 200, body: call.status() };
  }
  return { status: 404, body: { code: "invalid", message: `no such order: ${line}` } };
}

function listen(server: Server, options: RouterOptions): Promise<Result<number, Problem>> {
  return new Promise((resolve, reject) => {
    server.once("error", (error: NodeJS.ErrnoException) => {
      if (error.code !== "EADDRINUSE") return reject(error);
      const message = `port ${options.port} is in use on ${options.host}`;
      resolve(err(problem("PORT_TAKEN", { place: `port ${options.port}`, message })));
    });
    server.listen({ host: options.host, port: options.port }, () => {
      // From now on an error is about single connections; the others go on.
      server.removeAllListeners("error").on("error", (error) => options.log(String(error)));
      resolve(ok((server.address() as AddressInfo).port));
    });
  });
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, ms);
  });
}
