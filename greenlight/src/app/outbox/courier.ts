import type { Clock } from "../../base/clock.ts";
import type { DeliveryAnswer, NoticeChannel } from "./notice-channel.ts";
import { afterAttempt, deliveryOf, isDue, nextNotice, type OutboxItem } from "./outbox-item.ts";
import type { OutboxStore } from "./outbox-store.ts";

export interface CourierOptions {
  readonly store: OutboxStore;
  readonly channel: NoticeChannel;
  readonly clock: Clock;
  /** 0 ≤ random < 1. */
  random(): number;
  /** A notice was refused, or too many attempts failed; told once for each subject. */
  onParked(item: OutboxItem): void;
}

export interface Courier {
  /** Delivers all that is due now, in order within each subject, and the subjects of an environment in theirs. Resolves to when the next attempt is due; null: nothing is left. */
  deliverDue(signal: AbortSignal): Promise<number | null>;
}

const LOCK_POLL_MS = 100;

/**
 * Takes notices out of the outbox and to their channel. It may be killed at any moment: what is not marked as delivered is looked
 * for at the channel before it is sent, and it is marked before the next one is sent.
 */
export function createCourier({ store, channel, clock, random, onParked }: CourierOptions): Courier {
  return {
    deliverDue: async (signal) => {
      const unlock = await store.lock();
      // Whoever is at it may not know of what is new, so it is looked at again.
      if (unlock === null) return clock.now() + LOCK_POLL_MS;
      try {
        const items = (await store.all()).filter((item) => item.channel === channel.name);
        const nextTimes: number[] = [];
        /** Environments of which an earlier deployment is not told yet: the later ones would look as if they came before it. */
        const behind = new Set<string>();
        // That one was replaced is told when its successor is.
        for (const isReplaced of [false, true]) {
          for (const [index, found] of items.entries()) {
            const environment = found.notices[0]?.deployment.environment ?? "";
            if (isTold(found) || behind.has(environment) || isReplacement(found) !== isReplaced) continue;
            const left = await deliverItem(found, signal);
            items[index] = left;
            if (isTold(left) || isReplacement(left) !== isReplaced) continue;
            nextTimes.push(left.notBefore);
            behind.add(environment);
          }
        }
        return nextTimes.length === 0 ? null : Math.min(...nextTimes);
      } finally {
        await unlock();
      }
    },
  };

  /** One notice after the other, until one has to wait, or says that the deployment was replaced. */
  async function deliverItem(found: OutboxItem, signal: AbortSignal): Promise<OutboxItem> {
    let item = found;
    const isReplaced = isReplacement(found);
    // Who was at it before, here or in another process, may have been killed between sending and marking.
    let isUncertain = true;
    for (;;) {
      const notice = nextNotice(item);
      if (notice === null || !isDue(item, clock.now()) || signal.aborted) return item;
      if (isReplacement(item) !== isReplaced) return item;
      const answer: DeliveryAnswer = await channel.deliver(deliveryOf(item, notice, isUncertain), signal);
      // A command that ends is no failed attempt.
      if (signal.aborted && answer.kind === "later") return item;
      item = afterAttempt(item, answer, { now: clock.now(), random: random() });
      await store.write(item);
      isUncertain = answer.kind !== "delivered" || !answer.isNew;
      if (item.parked !== null) onParked(item);
    }
  }
}

function isTold(item: OutboxItem): boolean {
  return nextNotice(item) === null;
}

function isReplacement(item: OutboxItem): boolean {
  return nextNotice(item)?.state === "replaced";
}
