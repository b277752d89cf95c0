import { ownIdentity } from "../base/process-identity.ts";
import { parseRouterAddress, routerKey } from "../router/wire.ts";
import type { ControlAnswer, ControlRequest } from "./control-server.ts";
import { freePort } from "./free-port.ts";
import type { Household } from "./household.ts";
import { writeSlotSecrets } from "./slot-secrets.ts";
import type { Supervisor } from "./supervisor.ts";
import {
  parseSlotOrder,
  SLOT_NAMES,
  type DesiredSlot,
  type KeeperRefusal,
  type KeeperState,
  type SlotName,
} from "./wire.ts";

const ROUTER_START_MS = 5000;
const ROUTER_POLL_MS = 5;
const ROUTER_GRACE_MS = 6000;
const PORT_TAKEN_EXIT = 98;
const LONGEST_GRACE_MS = 60_000;

/**
 * Obeys one order of a controller. All orders but `GET /state` carry the controller's fencing epoch: one that was
 * superseded can't change anything any more. All are idempotent. `onEnd` is called after the answer to `POST /stop`.
 */
export async function obey(
  household: Household,
  request: ControlRequest,
  onEnd: (why: string) => void,
): Promise<ControlAnswer> {
  if (request.line === "GET /state") return { status: 200, body: keeperState(household) };
  const body = (request.body ?? {}) as Readonly<Record<string, unknown>>;
  const refusal = await fence(household, body["epoch"]);
  if (refusal !== null) return refuse(refusal.code, refusal.message);
  if (request.line === "PUT /epoch") return { status: 200, body: keeperState(household) };
  if (request.line === "PUT /router") return setRouter(household, body);
  if (request.line === "POST /stop") return stop(household, body, onEnd);
  for (const name of SLOT_NAMES) {
    if (request.line === `PUT /slots/${name}`) return startSlot(household, name, body);
    if (request.line === `DELETE /slots/${name}`) return endSlot(household, name, body);
    if (request.line === `PUT /slots/${name}/warmth`) return keepSlot(household, name, body);
    if (request.line === `PUT /slots/${name}/parking`) return parkSlot(household, name, body);
  }
  return { status: 404, body: { code: "invalid", message: `no such order: ${request.line}` } };
}

async function fence({ desired }: Household, epoch: unknown): Promise<KeeperRefusal | null> {
  const current = desired.current();
  if (typeof epoch !== "number" || !Number.isSafeInteger(epoch)) return { code: "invalid", message: "no epoch" };
  if (current.isStopped) return { code: "stopped", message: "the environment was stopped" };
  if (epoch < current.epoch) {
    return { code: "stale-epoch", message: `epoch ${epoch} was superseded by ${current.epoch}` };
  }
  if (epoch > current.epoch) await desired.change({ epoch });
  return null;
}

async function startSlot(
  household: Household,
  name: SlotName,
  body: Readonly<Record<string, unknown>>,
): Promise<ControlAnswer> {
  const { desired } = household;
  const order = parseSlotOrder(body["order"]);
  if (order === null) return refuse("invalid", "not a whole order");
  const { slots } = desired.current();
  const occupant = slots[name];
  if (occupant !== null && occupant.deploymentId !== order.deploymentId) {
    return refuse("invalid", `${name} still holds ${occupant.deploymentId}`);
  }
  if (occupant === null) {
    const taken = new Set(SLOT_NAMES.map((each) => slots[each]?.port ?? 0));
    const { secrets = {}, ...rest } = order;
    const hasSecrets = Object.keys(secrets).length > 0;
    // Before the slot is wanted: a keeper that dies in between must find them when it starts the slot.
    if (hasSecrets) await writeSlotSecrets(household.paths, order.deploymentId, secrets);
    const slot: DesiredSlot = { ...rest, hasSecrets, port: await freePort(taken) };
    await desired.change({ slots: { ...slots, [name]: slot } });
  }
  if (!household.supervisors.has(name)) await household.keepUp(name);
  return { status: 200, body: keeperState(household) };
}

async function endSlot(
  household: Household,
  name: SlotName,
  body: Readonly<Record<string, unknown>>,
): Promise<ControlAnswer> {
  const { desired, supervisors } = household;
  const { slots } = desired.current();
  const { deploymentId } = body;
  if (slots[name] !== null && slots[name].deploymentId !== deploymentId) {
    return refuseOther(name, slots[name], deploymentId);
  }
  await desired.change({ slots: { ...slots, [name]: null } });
  await supervisors.get(name)?.end(graceOf(body));
  supervisors.delete(name);
  return { status: 200, body: keeperState(household) };
}

/** Says how long a slot without traffic is kept; see `retireWarmSlots`. */
async function keepSlot(
  household: Household,
  name: SlotName,
  body: Readonly<Record<string, unknown>>,
): Promise<ControlAnswer> {
  const { desired } = household;
  const { slots } = desired.current();
  const slot = slots[name];
  const { deploymentId, until } = body;
  if (until !== null && !Number.isSafeInteger(until)) return refuse("invalid", "no time until when to keep it");
  if (slot?.deploymentId !== deploymentId || slot === null) return refuseOther(name, slot, deploymentId);
  await desired.change({ slots: { ...slots, [name]: { ...slot, warmUntil: until as number | null } } });
  return { status: 200, body: keeperState(household) };
}

/** Stops what is in a slot and keeps it there, or starts it again. */
async function parkSlot(
  household: Household,
  name: SlotName,
  body: Readonly<Record<string, unknown>>,
): Promise<ControlAnswer> {
  const { desired, supervisors } = household;
  const { slots } = desired.current();
  const slot = slots[name];
  const { deploymentId, isParked } = body;
  if (typeof isParked !== "boolean") return refuse("invalid", "not said whether to stop it");
  if (slot?.deploymentId !== deploymentId || slot === null) return refuseOther(name, slot, deploymentId);
  await desired.change({ slots: { ...slots, [name]: { ...slot, isParked } } });
  if (isParked) {
    await supervisors.get(name)?.end(graceOf(body));
    supervisors.delete(name);
  } else if (!supervisors.has(name)) await household.keepUp(name);
  return { status: 200, body: keeperState(household) };
}

/** An order about a deployment that is not the slot's. */
function refuseOther(name: SlotName, slot: DesiredSlot | null, deploymentId: unknown): ControlAnswer {
  return refuse("invalid", `${name} holds ${slot?.deploymentId ?? "nothing"}, not ${String(deploymentId)}`);
}

/** Answers once the router listens. One that can't is not desired any more. */
async function setRouter(household: Household, body: Readonly<Record<string, unknown>>): Promise<ControlAnswer> {
  const { desired, supervisors } = household;
  const router = parseRouterAddress(body);
  if (router === null) return refuse("invalid", "no host or port, or no whole TLS settings");
  const { host, port } = router;
  let supervisor = supervisors.get("router");
  const isOrderedAnew = JSON.stringify(desired.current().router) !== JSON.stringify(router);
  // For whom certificates are got may change without a word to the router.
  if (supervisor?.key === routerKey(router) && isOrderedAnew) await desired.change({ router });
  if (supervisor?.key !== routerKey(router)) {
    await supervisor?.end(ROUTER_GRACE_MS);
    await desired.change({ router });
    await household.keepUp("router");
    supervisor = supervisors.get("router");
  }
  if (supervisor === undefined || !(await isListening(supervisor))) {
    const isPortTaken = supervisor?.lastExitCode === PORT_TAKEN_EXIT;
    const lastExit = supervisor?.state().lastExit ?? "no answer";
    await supervisor?.end(0);
    supervisors.delete("router");
    await desired.change({ router: null });
    if (isPortTaken) return refuse("port-taken", `port ${port} is in use on ${host}`);
    return refuse("router-failed", `the router does not start: ${lastExit}`);
  }
  const certificate = await household.certificate();
  await certificate?.order();
  return { status: 200, body: keeperState(household) };
}

async function isListening(router: Supervisor): Promise<boolean> {
  const deadline = performance.now() + ROUTER_START_MS;
  for (;;) {
    if (router.isReady) return true;
    if (router.lastExitCode === PORT_TAKEN_EXIT || performance.now() > deadline) return false;
    await new Promise((resolve) => {
      setTimeout(resolve, ROUTER_POLL_MS);
    });
  }
}

async function stop(
  household: Household,
  body: Readonly<Record<string, unknown>>,
  onEnd: (why: string) => void,
): Promise<ControlAnswer> {
  const { desired } = household;
  // Written first: whoever starts a keeper from now on starts one that ends all and itself.
  await desired.change({ isStopped: true, router: null, slots: { blue: null, green: null } });
  const endedPids = await household.endAll(graceOf(body));
  setImmediate(() => onEnd("stopped"));
  return { status: 200, body: { endedPids } };
}

function graceOf(body: Readonly<Record<string, unknown>>): number {
  const { graceMs } = body;
  return typeof graceMs === "number" ? Math.min(Math.max(graceMs, 0), LONGEST_GRACE_MS) : ROUTER_GRACE_MS;
}

function refuse(code: KeeperRefusal["code"], message: string): ControlAnswer {
  const refusal: KeeperRefusal = { code, message };
  return { status: 409, body: refusal };
}

function keeperState(household: Household): KeeperState {
  const { desired, supervisors } = household;
  const { isStopped, epoch, router, slots } = desired.current();
  const never = { pid: null, restartCount: 0, isCrashLooping: false, lastExit: null, memoryBytes: null };
  const processOf = (name: "router" | SlotName) => supervisors.get(name)?.state() ?? never;
  const slotOf = (name: SlotName): KeeperState["slots"][SlotName] => {
    const slot = slots[name];
    if (slot === null) return null;
    const { deploymentId, releaseId, digest, port, warmUntil = null, isParked = false } = slot;
    return { ...processOf(name), deploymentId, releaseId, digest, port, warmUntil, isParked };
  };
  return {
    ...ownIdentity(),
    isStopped,
    epoch,
    router: router === null ? null : { ...processOf("router"), ...router },
    slots: { blue: slotOf("blue"), green: slotOf("green") },
    certificate: household.knownCertificate(),
  };
}
