import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { noAttempts, type Attempts } from "./attempts.ts";
import type { IssuedCertificate } from "./certificate-files.ts";
import { decideAttempt } from "./decide-attempt.ts";

const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;
const NOW = Date.UTC(2026, 0, 1);
const DOMAINS = ["films.test"];
const FRESH: IssuedCertificate = { validFrom: NOW, validTo: NOW + 90 * DAY_MS, domains: DOMAINS };

function decide(given: Partial<Parameters<typeof decideAttempt>[0]> & { readonly story?: Partial<Attempts> }) {
  const attempts = { ...noAttempts("https://ca"), ...given.story };
  return decideAttempt({ now: NOW, current: null, domains: DOMAINS, isOrdered: false, attempts, ...given });
}

describe("an authority is asked", () => {
  test("when there is no certificate, or one that lacks a name", () => {
    expect(decide({})).toMatchObject({ kind: "attempt", why: "there is none yet" });
    expect(decide({ current: FRESH, domains: ["films.test", "new.test"] })).toMatchObject({
      kind: "attempt",
      why: "it is not for new.test",
    });
  });

  test("when two thirds of the lifetime are over, and not before", () => {
    expect(decide({ current: FRESH })).toEqual({ kind: "rest", until: NOW + 60 * DAY_MS });
    expect(decide({ current: FRESH, now: NOW + 60 * DAY_MS })).toMatchObject({ kind: "attempt" });
  });

  test("more and more rarely while it fails, and at once when a person waits who has no certificate", () => {
    const pauses = [1, 2, 3, 4, 5, 6, 60].map((failureCount) => {
      const decision = decide({ story: { failureCount, begunAt: [NOW] } });
      return decision.kind === "rest" ? (decision.until - NOW) / 60_000 : 0;
    });
    expect(pauses).toEqual([5, 20, 60, 180, 360, 720, 720]);
    expect(decide({ story: { failureCount: 3, begunAt: [NOW] }, isOrdered: true })).toMatchObject({ kind: "attempt" });
    const old = { ...FRESH, validFrom: NOW - 89 * DAY_MS, validTo: NOW + DAY_MS };
    expect(decide({ current: old, story: { failureCount: 3, begunAt: [NOW] }, isOrdered: true })).toMatchObject({
      kind: "rest",
    });
  });

  test("not before the time that it named, whoever waits", () => {
    expect(decide({ story: { retryAt: NOW + HOUR_MS }, isOrdered: true })).toEqual({
      kind: "rest",
      until: NOW + HOUR_MS,
    });
  });

  test("at most four times in any hour, whatever happens, also with attempts whose end nobody knows", () => {
    const steps = fc.array(
      fc.record({
        afterMs: fc.integer({ min: 0, max: HOUR_MS / 2 }),
        isOrdered: fc.boolean(),
        end: fc.constantFrom("failed", "killed", "issued"),
      }),
      { minLength: 1, maxLength: 60 },
    );
    fc.assert(
      fc.property(steps, (story) => {
        let now = NOW;
        let failureCount = 0;
        let current: IssuedCertificate | null = null;
        const begun: number[] = [];
        for (const { afterMs, isOrdered, end } of story) {
          now += afterMs;
          if (decide({ now, current, isOrdered, story: { begunAt: begun, failureCount } }).kind === "rest") continue;
          begun.push(now);
          if (end === "failed") failureCount += 1;
          if (end === "issued") {
            failureCount = 0;
            // Of a minute: renewed again and again.
            current = { validFrom: now, validTo: now + 60_000, domains: DOMAINS };
          }
        }
        const tooOften = begun.filter((at, index) => (begun[index + 4] ?? Infinity) < at + HOUR_MS);
        expect(tooOften).toEqual([]);
      }),
    );
  });
});
