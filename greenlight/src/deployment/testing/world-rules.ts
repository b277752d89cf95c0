import { greenOf, isFinished, type Deployment } from "../deployment.ts";
import type { FakeWorld } from "./fake-world.ts";

/** What no controller may ever do, whatever fails and whenever it is killed. Each answers one line for each rule that is broken. */

/** What has the traffic is never ended, and what had it only once its successor has proven itself. */
export function brokenByEnding(world: FakeWorld, deploymentId: string): string[] {
  const live = world.route.live?.deploymentId;
  const unproven = recordsOf(world).filter(
    (record) =>
      record.blue?.deploymentId === deploymentId &&
      greenOf(record).deploymentId === live &&
      !isFinished(record) &&
      // `needs-human` has left an unfit blue running; the next deployment clears it away.
      !record.transitions.some(({ state }) => state === "draining" || state === "needs-human"),
  );
  return [
    ...(live === deploymentId && !isHeld(world) ? ["the live release was ended"] : []),
    ...(unproven.length > 0 ? ["blue was ended before baking had passed"] : []),
    ...((world.inFlight.get(deploymentId) ?? 0) > 0 ? ["a release was ended with requests in flight"] : []),
  ];
}

export function brokenAfter(world: FakeWorld, name: string): string[] {
  const { live } = world.route;
  const { slots, timings } = world;
  const running = Object.values(slots).filter((slot) => slot !== null && slot.isParked !== true);
  const crowded = timings.swap === "hold" && running.length > 1 ? [`after ${name} two releases run at once`] : [];
  const inPlace = live === null ? null : slots[live.slot];
  const isServed = live === null || (inPlace?.deploymentId === live.deploymentId && inPlace.isParked !== true);
  if (isServed || isHeld(world)) return crowded;
  return [...crowded, `after ${name} the traffic goes to a slot that does not run it`];
}

/** Whoever asks waits, and nobody is refused yet. */
function isHeld({ route, now }: FakeWorld): boolean {
  return (route.heldUntil ?? 0) > now;
}

export function brokenByPruning({ slots }: FakeWorld, keepDigests: readonly string[]): string[] {
  const missing = Object.values(slots).filter((slot) => slot !== null && !keepDigests.includes(slot.digest));
  return missing.length > 0 ? ["the files of a release that runs were removed"] : [];
}

/** At rest, one controller at most holds the environment, each slot is live or kept for a rollback, and every record is closed. */
export function brokenAtRest(world: FakeWorld): string[] {
  const { route, slots, epoch } = world;
  const leaseHolder = world.leaseHolder !== null && world.alive.has(world.leaseHolder) ? world.leaseHolder : null;
  const forgotten = Object.values(slots).filter(
    (slot) => slot !== null && slot.deploymentId !== route.live?.deploymentId && slot.warmUntil === null,
  );
  const liveWarm = Object.values(slots).filter(
    (slot) => slot !== null && slot.deploymentId === route.live?.deploymentId && slot.warmUntil !== null,
  );
  const open = recordsOf(world).filter((record) => !isFinished(record));
  const ahead = recordsOf(world).filter((record) => record.epoch > epoch);
  return [
    ...(leaseHolder === null ? [] : [`${leaseHolder} still holds the lease`]),
    ...(forgotten.length > 0 ? ["a slot was forgotten"] : []),
    ...(isHeld(world) ? ["requests still wait"] : []),
    ...(liveWarm.length > 0 ? ["what has the traffic would be ended by its keeper"] : []),
    ...(open.length > 0 ? [`a record was left in ${open[0]?.transitions.at(-1)?.state}`] : []),
    ...(ahead.length > 0 ? ["a record has an epoch that never was"] : []),
    ...brokenAfter(world, "all"),
  ];
}

export function recordsOf({ records }: FakeWorld): Deployment[] {
  return [...records.values()].map((text) => JSON.parse(text) as Deployment);
}
