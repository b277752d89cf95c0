import { readEither } from "../../../base/durable-file.ts";
import type { Problem } from "../../../base/problem.ts";
import { isSameProcess } from "../../../base/process-identity.ts";
import type { SlotName, TargetCertificate, TargetSlot, TargetState } from "../../../deployment/target.ts";
import { readProcessRecord } from "../../../keeper/supervisor.ts";
import { parseDesiredState, type DesiredState, type KeeperState } from "../../../keeper/wire.ts";
import { parseRoute, routerKey, type Route, type RouterAddress, type RouterStatus } from "../../../router/wire.ts";
import { askKeeper } from "./keeper-client.ts";
import { routerAddress, type Place } from "./place.ts";
import { askRouter, livingRouter } from "./router-client.ts";

/** The environment as it is: what keeper and router say, and what their files say where one does not answer. */
export async function observe(place: Place): Promise<TargetState> {
  const { paths } = place;
  const wanted = routerAddress(place);
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
    router:
      router === null
        ? null
        : { pid: router.pid, isInPlace: isAsWanted(wanted, router, keeper) && !lacksCertificate(status) },
    route: { epoch: route?.epoch ?? 0, live: liveIn(route), heldUntil: route?.holdUntilMs ?? null },
    slots: {
      blue: await slotOf(place, "blue", { keeper, desired: desired.ok ? desired.value : null }),
      green: await slotOf(place, "green", { keeper, desired: desired.ok ? desired.value : null }),
    },
    traffic: status?.upstreams ?? [],
    certificate: certificateOf(status, keeper),
  };
}

/** For whom certificates are got is no matter of the router's, but of the keeper's. */
function isAsWanted(wanted: RouterAddress, router: RouterAddress, keeper: KeeperState | null): boolean {
  if (routerKey(router) !== routerKey(wanted)) return false;
  const [known, asked] = [keeper?.router?.tls?.acme ?? null, wanted.tls?.acme ?? null];
  return keeper === null || JSON.stringify(known) === JSON.stringify(asked);
}

/** Until an authority has given one, nobody is served. */
function lacksCertificate(status: RouterStatus | null): boolean {
  return status !== null && status.tls !== null && status.tls.validTo === null;
}

function certificateOf(status: RouterStatus | null, keeper: KeeperState | null): TargetCertificate | null {
  const tls = status?.tls ?? null;
  if (tls === null) return null;
  const renewal = keeper?.certificate ?? null;
  if (renewal === null) return { validTo: tls.validTo, fault: tls.fault, nextAt: null };
  const { failureCount, fault, nextAt } = renewal;
  const told =
    fault === null ? null : `${failureCount} ${failureCount === 1 ? "attempt" : "attempts"} failed; ${fault}`;
  return { validTo: tls.validTo, fault: told, nextAt };
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
  const { deploymentId, releaseId, digest, port, warmUntil = null, isParked = false } = slot;
  const record = await readProcessRecord(paths, name);
  const pid = record !== null && isSameProcess(record) ? record.pid : null;
  const restartCount = record?.restartCount ?? 0;
  const lastExit = record?.lastExit ?? null;
  const life = { pid, restartCount, isCrashLooping: false, lastExit };
  return { deploymentId, releaseId, digest, port, ...life, warmUntil, isParked };
}
