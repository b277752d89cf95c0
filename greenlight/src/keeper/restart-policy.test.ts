import fc from "fast-check";
import { describe, expect, test } from "vitest";

import { afterEnd, isCrashLooping, NEW_STORY, type LifeStory } from "./restart-policy.ts";

const early = { startedAt: 0, endedAt: 5, wasReady: false };

function afterEarlyEnds(count: number): { readonly story: LifeStory; readonly delays: number[] } {
  let story = NEW_STORY;
  const delays: number[] = [];
  for (let index = 0; index < count; index += 1) {
    const next = afterEnd(story, early);
    story = next.story;
    delays.push(next.delayMs);
  }
  return { story, delays };
}

describe("when a process is started again", () => {
  test("one that worked comes back at once", () => {
    expect(afterEnd(NEW_STORY, { startedAt: 0, endedAt: 60_000, wasReady: true }).delayMs).toBe(0);
  });

  test("one that worked and is killed at once each time comes back four times a second at most", () => {
    expect(afterEnd(NEW_STORY, { startedAt: 1000, endedAt: 1200, wasReady: true }).delayMs).toBe(50);
  });

  test("one that never gets ready is tried again at once, then ever more slowly", () => {
    expect(afterEarlyEnds(9).delays).toEqual([0, 100, 200, 400, 800, 10_000, 20_000, 40_000, 60_000]);
  });

  test("six ends in a row before it was ready are a crash loop, and one life that worked ends it", () => {
    expect(isCrashLooping(afterEarlyEnds(5).story)).toBe(false);
    const { story } = afterEarlyEnds(6);
    expect(isCrashLooping(story)).toBe(true);
    expect(isCrashLooping(afterEnd(story, { ...early, wasReady: true }).story)).toBe(false);
  });

  test("the delay is bounded and every end is counted, whatever happens", () => {
    const lives = fc.array(fc.record({ startedAt: fc.nat(), uptime: fc.nat(), wasReady: fc.boolean() }));
    fc.assert(
      fc.property(lives, (sequence) => {
        let story = NEW_STORY;
        for (const { startedAt, uptime, wasReady } of sequence) {
          const next = afterEnd(story, { startedAt, endedAt: startedAt + uptime, wasReady });
          expect(next.delayMs).toBeGreaterThanOrEqual(0);
          expect(next.delayMs).toBeLessThanOrEqual(wasReady ? 250 : 60_000);
          story = next.story;
        }
        expect(story.restartCount).toBe(sequence.length);
      }),
    );
  });
});
