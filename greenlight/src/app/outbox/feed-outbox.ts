import type { DeploymentRecord } from "../../deployment/environment.ts";
import { deriveNotices, type SubjectNotices } from "./derive-notices.ts";
import { addNotices, newItem } from "./outbox-item.ts";
import type { OutboxStore } from "./outbox-store.ts";

/** How many of an environment's newest deployments are looked at. */
export const FED_RECORD_COUNT = 30;
/** What ended longer ago, and nobody here has heard of, is no news. */
const NEWS_MS = 24 * 3_600_000;
/** Of those that went well: the one that is live, and the one that it replaced. */
const LIVE_COUNT = 2;

/**
 * Puts into the outbox what has changed and is not in it yet; safe to repeat. Must hold the store's lock. Resolves to
 * whether anything was put in.
 */
export async function feedOutbox(
  store: OutboxStore,
  at: {
    readonly channel: string;
    /** Newest first. */
    readonly records: readonly DeploymentRecord[];
    readonly url: string;
    /** Milliseconds since the epoch. */
    readonly now: number;
  },
): Promise<boolean> {
  let isFed = false;
  let unknownLiveCount = 0;
  for (const each of deriveNotices(at.records, at.url)) {
    const known = await store.read(at.channel, each.subject);
    if (known === null) {
      const wasLive = each.notices.some(({ state }) => state === "live");
      if (wasLive) unknownLiveCount += 1;
      if (wasLive ? unknownLiveCount > LIVE_COUNT : !isNews(each, at.now)) continue;
    }
    const before = known ?? newItem(at.channel, each.subject, each.notices);
    const item = addNotices(before, each.notices);
    if (known === item) continue;
    await store.write(item);
    isFed = true;
  }
  return isFed;
}

function isNews({ notices }: SubjectNotices, now: number): boolean {
  return now - Date.parse(notices.at(-1)?.at ?? "") < NEWS_MS;
}
