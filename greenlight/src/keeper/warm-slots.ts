import { readEither } from "../base/durable-file.ts";
import { parseRoute } from "../router/wire.ts";
import type { Household } from "./household.ts";
import { SLOT_NAMES, type SlotName } from "./wire.ts";

const GRACE_MS = 6000;

/** Slots that were kept for a way back, and whose time is over at `now` (milliseconds since the epoch). */
export function dueSlots({ desired }: Household, now: number): readonly SlotName[] {
  const { slots } = desired.current();
  return SLOT_NAMES.filter((name) => (slots[name]?.warmUntil ?? Infinity) <= now);
}

/** Ends the slots whose time is over. What has the traffic is never ended, whatever was said about it: its time is forgotten. */
export async function retireWarmSlots(household: Household, now: number): Promise<void> {
  const { desired, supervisors, paths, log } = household;
  const due = dueSlots(household, now);
  if (due.length === 0) return;
  const route = await readEither(paths.route, parseRoute);
  // Without a route that can be read nobody knows what has the traffic.
  if (!route.ok) return;
  for (const name of due) {
    const { slots } = desired.current();
    const slot = slots[name];
    if (slot === null) continue;
    if (route.value?.upstream?.deploymentId === slot.deploymentId) {
      await desired.change({ slots: { ...slots, [name]: { ...slot, warmUntil: null } } });
      continue;
    }
    log(`${name}: ${slot.releaseId} was kept long enough`);
    await desired.change({ slots: { ...slots, [name]: null } });
    await supervisors.get(name)?.end(GRACE_MS);
    supervisors.delete(name);
  }
}
