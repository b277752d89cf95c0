import { readEither, writeTwice } from "../base/durable-file.ts";
import type { Problem } from "../base/problem.ts";
import { ok, type Result } from "../base/result.ts";
import { NO_ROUTE, parseRoute, type Route, type RouteSwap } from "./wire.ts";

export interface RouteStore {
  current(): Route;
  /**
   * Compares and swaps: on disk first, then in memory, then the answer. False: the route was another one. Asking
   * again for a swap that was made answers true. Rejects with the system's error when the disk refuses, and the
   * old route stays.
   */
  swap(request: RouteSwap): Promise<boolean>;
}

/**
 * Reads the route that a router of this environment served last. An environment that never had one starts without;
 * one whose route can't be read does not start, since an empty route would be an outage that looks like health.
 */
export async function openRouteStore(
  path: string,
  onChange: (route: Route) => void,
): Promise<Result<RouteStore, Problem>> {
  const read = await readEither(path, parseRoute);
  if (!read.ok) return read;
  let current = read.value ?? NO_ROUTE;
  let queue: Promise<unknown> = Promise.resolve();

  const swapNow = async ({ expected, next }: RouteSwap): Promise<boolean> => {
    if (isSameRoute(current, next)) return true;
    if (current.epoch !== expected.epoch || deploymentOf(current) !== expected.deploymentId) return false;
    if (next.epoch < current.epoch) return false;
    await writeTwice(path, next);
    current = next;
    onChange(next);
    return true;
  };

  return ok({
    current: () => current,
    swap: (request) => {
      const done = queue.then(() => swapNow(request));
      queue = done.catch(() => {});
      return done;
    },
  });
}

function deploymentOf(route: Route): string | null {
  return route.upstream?.deploymentId ?? null;
}

function isSameRoute(left: Route, right: Route): boolean {
  return (
    left.epoch === right.epoch &&
    left.holdUntilMs === right.holdUntilMs &&
    deploymentOf(left) === deploymentOf(right) &&
    left.upstream?.port === right.upstream?.port &&
    left.upstream?.host === right.upstream?.host
  );
}
