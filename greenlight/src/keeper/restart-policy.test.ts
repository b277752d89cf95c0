import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { afterEnd, isCrashLooping, NEW_STORY, type EndedLife, type LifeStory } from "./restart-policy.ts";

const early: EndedLife = { startedAt: 0, endedAt: 5, readyAt: null };
/** Gets ready, and falls over a second later. */
const flapping: EndedLife = { startedAt: 0, endedAt: 1200, readyAt: 200 };
const healthy: EndedLife = { startedAt: 0, endedAt: 10_200, readyAt: 200 };

function after(lives: readonly EndedLife[]): { readonly story: LifeStory; readonly delays: number[] } {
  let story = NEW_STORY;
  const delays: number[] = [];
  for (const life of lives) {
    const next = afterEnd(story, life);
    story = next.story;
    delays.push(next.delayMs);
  }
  return { story, delays };
}

function times(count: number, life: EndedLife): EndedLife[] {
  return Array.from({ length: count }, () => life);
}

describe("when a process is started again", () => {
  test("one that worked comes back at once", () => {
    expect(afterEnd(NEW_STORY, { startedAt: 0, endedAt: 60_000, readyAt: 100 }).delayMs).toBe(0);
  });

  test("one that worked and is killed at once each time comes back four times a second at most", () => {
    expect(afterEnd(NEW_STORY, { startedAt: 1000, endedAt: 1200, readyAt: 1100 }).delayMs).toBe(50);
  });

  test("one that never gets ready is tried again at once, then ever more slowly", () => {
    expect(after(times(9, early)).delays).toEqual([0, 100, 200, 400, 800, 10_000, 20_000, 40_000, 60_000]);
  });

  test("one that got ready in between is tried again at once, whatever was before", () => {
    expect(after([...times(8, early), flapping, early]).delays.slice(-2)).toEqual([0, 0]);
  });

  test.each([
    ["before it was ready", early],
    ["shortly after it was ready", flapping],
  ])("six ends in a row %s are a crash loop", (_name, life) => {
    expect(isCrashLooping(after(times(5, life)).story, null, 0)).toBe(false);
    expect(isCrashLooping(after(times(6, life)).story, null, 0)).toBe(true);
  });

  test("a crash loop is over once a life has worked for ten seconds, not before", () => {
    const { story } = after(times(6, early));
    const readyAt = 1000;
    expect(isCrashLooping(story, readyAt, readyAt + 9999)).toBe(true);
    expect(isCrashLooping(story, readyAt, readyAt + 10_000)).toBe(false);
    expect(isCrashLooping(afterEnd(story, flapping).story, null, 0)).toBe(true);
    expect(afterEnd(story, healthy).story).toEqual({ failedStartCount: 0, shortLifeCount: 0, restartCount: 7 });
  });

  test("a service that ends now and then, after it has worked, is no crash loop", () => {
    expect(isCrashLooping(after(times(50, healthy)).story, null, 0)).toBe(false);
  });

  test("the delay is bounded and every end is counted, whatever happens", () => {
    const lives = fc.array(fc.record({ startedAt: fc.nat(), uptime: fc.nat(), wasReady: fc.boolean() }));
    fc.assert(
      fc.property(lives, (sequence) => {
        let story = NEW_STORY;
        for (const { startedAt, uptime, wasReady } of sequence) {
          const readyAt = wasReady ? startedAt : null;
          const next = afterEnd(story, { startedAt, endedAt: startedAt + uptime, readyAt });
          expect(next.delayMs).toBeGreaterThanOrEqual(0);
          expect(next.delayMs).toBeLessThanOrEqual(wasReady ? 250 : 60_000);
          story = next.story;
        }
        expect(story.restartCount).toBe(sequence.length);
      }),
    );
  });
});
