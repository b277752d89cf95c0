import type { Json } from "../../base/json.ts";
import type { Delivery, DeliveryAnswer } from "./notice-channel.ts";
import { parseNotice, type Notice } from "./notice.ts";

/** What one channel was told of one subject, as it lies on disk. */
export interface OutboxItem {
  readonly schema: 1;
  readonly channel: string;
  readonly subject: string;
  /** In the order in which they are delivered. */
  readonly notices: readonly Notice[];
  readonly deliveredCount: number;
  readonly mayCreate: boolean;
  /** What the channel wants to know again. */
  readonly memory: Json;
  /** Attempts at the present notice. */
  readonly attemptCount: number;
  /** No attempt before, milliseconds since the epoch. */
  readonly notBefore: number;
  /** Set: nothing more is tried until a person asks for it. */
  readonly parked: { readonly at: string; readonly why: string; readonly remedy: string } | null;
}

export interface Moment {
  /** Milliseconds since the epoch. */
  readonly now: number;
  /** 0 ≤ random < 1. */
  readonly random: number;
}

const FIRST_DELAY_MS = 1000;
const LONGEST_DELAY_MS = 5 * 60_000;
/** What a place may ask for at most. */
const LONGEST_WAIT_MS = 60 * 60_000;
/** With the delays above an hour and a half of trying; then a person has to look. */
export const MOST_ATTEMPTS = 25;

export function newItem(channel: string, subject: string, notices: readonly Notice[]): OutboxItem {
  // Nobody here has heard of it while it went on.
  const isPast = ["replaced", "stopped"].includes(notices.at(-1)?.state ?? "");
  return {
    schema: 1,
    channel,
    subject,
    notices,
    deliveredCount: 0,
    mayCreate: !isPast,
    memory: null,
    attemptCount: 0,
    notBefore: 0,
    parked: null,
  };
}

/** The item with the notices that it lacks; itself when there are none. */
export function addNotices(item: OutboxItem, notices: readonly Notice[]): OutboxItem {
  const known = new Set(item.notices.map((each) => each.id));
  const added = notices.filter((each) => !known.has(each.id));
  return added.length === 0 ? item : { ...item, notices: [...item.notices, ...added] };
}

/** What is to be delivered next; null: nothing, or nothing more until a person asks for it. */
export function nextNotice(item: OutboxItem): Notice | null {
  return item.parked === null ? (item.notices[item.deliveredCount] ?? null) : null;
}

export function isDue(item: OutboxItem, now: number): boolean {
  return nextNotice(item) !== null && item.notBefore <= now;
}

export function deliveryOf(item: OutboxItem, notice: Notice, isUncertain: boolean): Delivery {
  return { notice, memory: item.memory, isUncertain, mayCreate: item.mayCreate };
}

/** The item after an attempt at its next notice. */
export function afterAttempt(item: OutboxItem, answer: DeliveryAnswer, { now, random }: Moment): OutboxItem {
  const { memory } = answer;
  if (answer.kind === "delivered") {
    return { ...item, memory, deliveredCount: item.deliveredCount + 1, attemptCount: 0, notBefore: 0 };
  }
  const attemptCount = item.attemptCount + 1;
  const at = new Date(now).toISOString();
  if (answer.kind === "refused") {
    return { ...item, memory, attemptCount, parked: { at, why: answer.why, remedy: answer.remedy } };
  }
  if (attemptCount >= MOST_ATTEMPTS) {
    const remedy = "`greenlight notices --retry` tries again";
    return {
      ...item,
      memory,
      attemptCount,
      parked: { at, why: `${attemptCount} attempts failed: ${answer.why}`, remedy },
    };
  }
  const delayMs = Math.max(backoffMs(attemptCount, random), Math.min(answer.waitMs ?? 0, LONGEST_WAIT_MS));
  return { ...item, memory, attemptCount, notBefore: now + delayMs };
}

/** For a person who has mended what kept the notices back. */
export function unpark(item: OutboxItem): OutboxItem {
  return item.parked === null ? item : { ...item, parked: null, attemptCount: 0, notBefore: 0 };
}

/** Doubled each time, half of it by chance, so that many machines do not come back at once. */
function backoffMs(attemptCount: number, random: number): number {
  const wholeMs = Math.min(FIRST_DELAY_MS * 2 ** (attemptCount - 1), LONGEST_DELAY_MS);
  return Math.round(wholeMs * (0.5 + random / 2));
}

/** Null when `value` is not a whole item of this version. */
export function parseItem(value: unknown): OutboxItem | null {
  if (typeof value !== "object" || value === null) return null;
  const item = value as Partial<Record<keyof OutboxItem, unknown>>;
  const { notices, deliveredCount, attemptCount, notBefore, parked } = item;
  const isWhole =
    item.schema === 1 &&
    typeof item.channel === "string" &&
    typeof item.subject === "string" &&
    typeof item.mayCreate === "boolean" &&
    [deliveredCount, attemptCount, notBefore].every(Number.isSafeInteger) &&
    (parked === null || (typeof parked === "object" && parked !== undefined)) &&
    Array.isArray(notices) &&
    notices.every((each) => parseNotice(each) !== null);
  return isWhole ? (value as OutboxItem) : null;
}
