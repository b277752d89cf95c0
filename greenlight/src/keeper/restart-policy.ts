/** What a supervisor remembers about the lives of one process. */
export interface LifeStory {
  /** Ends in a row before the process was ready to work. */
  readonly earlyEndCount: number;
  readonly restartCount: number;
}

export interface EndedLife {
  readonly startedAt: number;
  readonly endedAt: number;
  readonly wasReady: boolean;
}

export const NEW_STORY: LifeStory = { earlyEndCount: 0, restartCount: 0 };

/** A process that worked comes back at once, yet not more often than this. */
const MINIMUM_CYCLE_MS = 250;
const FIRST_DELAY_MS = 100;
const CRASH_LOOP_COUNT = 6;
const CRASH_LOOP_DELAY_MS = 10_000;
const LONGEST_DELAY_MS = 60_000;

/**
 * When to start a process again that has ended. One that was ready is started at once: somebody waits for it.
 * One that keeps ending before it is ready gets one immediate try, then 100, 200, 400 … ms, and from the sixth end in a
 * row it counts as crash-looping: 10, 20, 40, then 60 seconds.
 */
export function afterEnd(story: LifeStory, life: EndedLife): { readonly story: LifeStory; readonly delayMs: number } {
  const restartCount = story.restartCount + 1;
  if (life.wasReady) {
    const delayMs = Math.max(0, life.startedAt + MINIMUM_CYCLE_MS - life.endedAt);
    return { story: { earlyEndCount: 0, restartCount }, delayMs };
  }
  const next = { earlyEndCount: story.earlyEndCount + 1, restartCount };
  return { story: next, delayMs: earlyDelayMs(next) };
}

export function isCrashLooping(story: LifeStory): boolean {
  return story.earlyEndCount >= CRASH_LOOP_COUNT;
}

function earlyDelayMs(story: LifeStory): number {
  const count = story.earlyEndCount;
  if (isCrashLooping(story)) return Math.min(CRASH_LOOP_DELAY_MS * 2 ** (count - CRASH_LOOP_COUNT), LONGEST_DELAY_MS);
  return count <= 1 ? 0 : FIRST_DELAY_MS * 2 ** (count - 2);
}
