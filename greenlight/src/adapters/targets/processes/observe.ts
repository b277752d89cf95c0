import { readEither } from "../../../base/durable-file.ts";
import type { Problem } from "../../../base/problem.ts";
import { isSameProcess } from "../../../base/process-identity.ts";
import type { SlotName, TargetSlot, TargetState } from "../../../deployment/target.ts";
import { readProcessRecord } from "../../../keeper/supervisor.ts";
import { parseDesiredState, type DesiredState, type KeeperState } from "../../../keeper/wire.ts";
import { parseRoute, routerKey, type Route } from "../../../router/wire.ts";
import { askKeeper } from "./keeper-client.ts";
import type { Place } from "./place.ts";
import { askRouter, livingRouter } from "./router-client.ts";

/** The environment as it is: what keeper and router say, and what their files say where one does not answer. */
export async function observe(place: Place): Promise<TargetState> {
  const { paths, options } = place;
  const [keeper, status, desired, routeFile] = await Promise.all([
    askKeeper(place),
    askRouter(place),
    readEither(paths.desired, parseDesiredState),
    readEither(paths.route, parseRoute),
  ]);
  const router = status ?? (await livingRouter(place));
  const problems: Problem[] = [];
  if (!desired.ok) problems.push(desired.error);
  if (!routeFile.ok && status === null) problems.push(routeFile.error);
  const route: Route | null = status?.route ?? (routeFile.ok ? routeFile.value : null);
  return {
    // A keeper that was just started has nothing written down yet.
    isKnown: keeper !== null || !desired.ok || desired.value !== null,
    isStopped: keeper?.isStopped ?? (desired.ok && desired.value?.isStopped === true),
    problems,
    keeper: keeper === null ? null : { pid: keeper.pid, startTime: keeper.startTime },
    router: router === null ? null : { pid: router.pid, isInPlace: routerKey(router) === routerKey(options) },
    route: { epoch: route?.epoch ?? 0, live: liveIn(route) },
    slots: {
      blue: await slotOf(place, "blue", { keeper, desired: desired.ok ? desired.value : null }),
      green: await slotOf(place, "green", { keeper, desired: desired.ok ? desired.value : null }),
    },
    traffic: status?.upstreams ?? [],
  };
}

function liveIn(route: Route | null): TargetState["route"]["live"] {
  if (route === null || route.upstream === null) return null;
  const { deploymentId, releaseId, digest, slot } = route.upstream;
  return { deploymentId, releaseId, digest, slot };
}

async function slotOf(
  { paths }: Place,
  name: SlotName,
  known: { readonly keeper: KeeperState | null; readonly desired: DesiredState | null },
): Promise<TargetSlot | null> {
  if (known.keeper !== null) return known.keeper.slots[name];
  const slot = known.desired?.slots[name] ?? null;
  if (slot === null) return null;
  const { deploymentId, releaseId, digest, port, warmUntil = null } = slot;
  const record = await readProcessRecord(paths, name);
  const pid = record !== null && isSameProcess(record) ? record.pid : null;
  const restartCount = record?.restartCount ?? 0;
  const lastExit = record?.lastExit ?? null;
  return { deploymentId, releaseId, digest, port, pid, restartCount, isCrashLooping: false, lastExit, warmUntil };
}
