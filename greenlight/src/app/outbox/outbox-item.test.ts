import { expect, test } from "vitest";

import { deriveNotices } from "./derive-notices.ts";
import {
  addNotices,
  afterAttempt,
  isDue,
  MOST_ATTEMPTS,
  newItem,
  nextNotice,
  parseItem,
  unpark,
} from "./outbox-item.ts";
import { recordAt } from "./testing/sample-records.ts";

const notices = deriveNotices([recordAt(1, "succeeded")], "http://x")[0]?.notices ?? [];
const item = newItem("github a/b", notices[0]?.subject ?? "", notices);
const NOW = Date.UTC(2026, 0, 1);

test("notices come one after the other, and the next only when one is delivered", () => {
  const states: unknown[] = [];
  let present = item;
  for (let next = nextNotice(present); next !== null; next = nextNotice(present)) {
    states.push(next.state);
    present = afterAttempt(present, { kind: "delivered", memory: null, isNew: true }, { now: NOW, random: 0 });
  }
  expect(states).toEqual(["created", "in-progress", "live"]);
});

test("an attempt that failed is repeated ever later, half by chance, and at most after five minutes", () => {
  expect(delaysWith(0).slice(0, 4)).toEqual([500, 1000, 2000, 4000]);
  expect(delaysWith(0.999_999).slice(0, 4)).toEqual([1000, 2000, 4000, 8000]);
  expect(delaysWith(0.999_999).at(-1)).toBe(300_000);
});

test("what a place asks for is kept, but for an hour at most", () => {
  expect([delayAfter(60_000), delayAfter(10), delayAfter(86_400_000)]).toEqual([60_000, 500, 3_600_000]);
});

test("a refusal parks the subject with its reason, until a person asks for it", () => {
  const refused = { kind: "refused", memory: { deployment: 7 }, why: "HTTP 401", remedy: "a token" } as const;
  const parked = afterAttempt(item, refused, { now: NOW, random: 0 });
  expect([nextNotice(parked), isDue(parked, NOW * 2)]).toEqual([null, false]);
  expect(parked.parked).toEqual({ at: "2026-01-01T00:00:00.000Z", why: "HTTP 401", remedy: "a token" });
  // New ones wait behind it.
  expect(nextNotice(addNotices(parked, [{ ...notices[0], id: "new" } as never]))).toBeNull();
  expect(nextNotice(unpark(parked))?.state).toBe("created");
  expect(unpark(parked).memory).toEqual({ deployment: 7 });
});

test("attempts are bounded", () => {
  let present = item;
  let count = 0;
  while (nextNotice(present) !== null) {
    present = afterAttempt(
      present,
      { kind: "later", memory: null, why: "HTTP 500", waitMs: null },
      { now: NOW, random: 0 },
    );
    count += 1;
  }
  expect(count).toBe(MOST_ATTEMPTS);
  expect(present.parked?.why).toBe("25 attempts failed: HTTP 500");
});

test("a subject that was over before anybody here heard of it is not made anew", () => {
  const past = deriveNotices([recordAt(2, "succeeded"), recordAt(1, "succeeded")], "http://x")[1]?.notices ?? [];
  expect([newItem("c", "s", past).mayCreate, item.mayCreate]).toEqual([false, true]);
});

test("an item is read back as it was written, and a torn or foreign one is none", () => {
  expect(parseItem(JSON.parse(JSON.stringify(item)))).toEqual(item);
  expect([null, {}, { ...item, schema: 2 }, { ...item, notices: [{}] }].map(parseItem)).toEqual([
    null,
    null,
    null,
    null,
  ]);
});

function delaysWith(random: number): number[] {
  let present = item;
  return Array.from({ length: 12 }, () => {
    present = afterAttempt(
      present,
      { kind: "later", memory: null, why: "HTTP 502", waitMs: null },
      { now: NOW, random },
    );
    return present.notBefore - NOW;
  });
}

function delayAfter(waitMs: number): number {
  const answer = { kind: "later", memory: null, why: "HTTP 429", waitMs } as const;
  return afterAttempt(item, answer, { now: NOW, random: 0 }).notBefore - NOW;
}
