import { readEither, readJson, writeTwice } from "../base/durable-file.ts";
import { isSameProcess } from "../base/process-identity.ts";
import { parseRoute, parseRouterRecord, type Route, type RouteSwap } from "../router/wire.ts";
import { callHttp } from "./control-client.ts";
import { freePort, isPortFree } from "./free-port.ts";
import type { Household } from "./household.ts";
import type { DesiredSlot, SlotName } from "./wire.ts";

const ROUTER_TIMEOUT_MS = 2000;

/**
 * The slot as it is to be started now. When another program has taken its port since it last ran, it moves to a free one,
 * and the route with it: requests must never reach a stranger.
 */
export async function placeSlot(household: Household, name: SlotName, slot: DesiredSlot): Promise<DesiredSlot> {
  const { desired } = household;
  const present = desired.current().slots[name] ?? slot;
  if (await isPortFree("127.0.0.1", present.port)) return present;
  const moved = { ...present, port: await freePort() };
  household.log(`${name}: port ${present.port} was taken by another program; moving to ${moved.port}`);
  await desired.change({ slots: { ...desired.current().slots, [name]: moved } });
  await moveRoute(household, moved);
  return moved;
}

async function moveRoute({ paths }: Household, slot: DesiredSlot): Promise<void> {
  const read = await readEither(paths.route, parseRoute);
  const route = read.ok ? read.value : null;
  if (route === null || route.upstream?.deploymentId !== slot.deploymentId) return;
  const next: Route = { ...route, upstream: { ...route.upstream, port: slot.port } };
  const router = await readJson(paths.routerRecord, parseRouterRecord);
  if (!router.ok || router.value === null || !isSameProcess(router.value)) return writeTwice(paths.route, next);
  const swap: RouteSwap = { expected: { deploymentId: slot.deploymentId, epoch: route.epoch }, next };
  const { adminPort: port, token } = router.value;
  const call = { host: "127.0.0.1", port, token, method: "PUT", path: "/route", body: swap };
  const reply = await callHttp({ ...call, timeoutMs: ROUTER_TIMEOUT_MS });
  // A controller was faster: then the route leads elsewhere, which is as good.
  if (reply.status !== 200 && reply.status !== 409) throw new Error(`the router refused to move: ${reply.text}`);
}
