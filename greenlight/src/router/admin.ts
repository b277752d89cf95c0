import type { ControlAnswer, ControlRequest } from "../keeper/control-server.ts";
import { metricsText } from "./metrics-text.ts";
import type { Recorder } from "./recording/recording.ts";
import type { RouteStore } from "./route-store.ts";
import type { Upstreams } from "./upstream.ts";
import { parseRouteSwap, type RouterStatus } from "./wire.ts";

export interface Administered {
  readonly routes: RouteStore;
  readonly upstreams: Upstreams;
  readonly recorder: Recorder;
  status(): RouterStatus;
  log(line: string): void;
}

/** Obeys one order of a controller. */
export async function administer(router: Administered, { line, body }: ControlRequest): Promise<ControlAnswer> {
  switch (line) {
    case "GET /status":
      return done(router);
    case "GET /metrics":
      return { status: 200, text: metricsText(router.status()) };
    case "PUT /route":
      return swapRoute(router, body);
    case "PUT /recording":
      await router.recorder.follow(body);
      return done(router);
    case "POST /close":
      return close(router, body);
    default:
      return { status: 404, body: { code: "invalid", message: `no such order: ${line}` } };
  }
}

function done(router: Administered): ControlAnswer {
  return { status: 200, body: router.status() };
}

async function swapRoute(router: Administered, body: unknown): Promise<ControlAnswer> {
  const swap = parseRouteSwap(body);
  if (swap === null) return { status: 400, body: { code: "invalid", message: "not a route swap" } };
  try {
    const isSwapped = await router.routes.swap(swap);
    return { status: isSwapped ? 200 : 409, body: router.status() };
  } catch (error) {
    const { message } = error as Error;
    router.log(`the route stays as it is: ${message}`);
    return { status: 507, body: { code: "disk", message: `the route can't be kept: ${message}` } };
  }
}

async function close(router: Administered, body: unknown): Promise<ControlAnswer> {
  const { deploymentId } = (body ?? {}) as { deploymentId?: unknown };
  const { upstream, holdUntilMs = 0 } = router.routes.current();
  // While requests are held, none goes there either.
  const isLive = upstream?.deploymentId === deploymentId && holdUntilMs <= Date.now();
  if (typeof deploymentId !== "string" || isLive) {
    return { status: 409, body: { code: "invalid", message: "only a deployment without traffic can be closed" } };
  }
  await router.upstreams.close(deploymentId);
  return done(router);
}
