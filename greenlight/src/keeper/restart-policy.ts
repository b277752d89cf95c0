/** What a supervisor remembers about the lives of one process. */
export interface LifeStory {
  /** Ends in a row before the process was ready to work. */
  readonly failedStartCount: number;
  /** Ends in a row before the process had worked for a healthy time. */
  readonly shortLifeCount: number;
  readonly restartCount: number;
}

export interface EndedLife {
  readonly startedAt: number;
  readonly endedAt: number;
  /** Null: it never was. */
  readonly readyAt: number | null;
}

export const NEW_STORY: LifeStory = { failedStartCount: 0, shortLifeCount: 0, restartCount: 0 };

/** A process that worked comes back at once, yet not more often than this. */
const MINIMUM_CYCLE_MS = 250;
const FIRST_DELAY_MS = 100;
const CRASH_LOOP_COUNT = 6;
const CRASH_LOOP_DELAY_MS = 10_000;
const LONGEST_DELAY_MS = 60_000;
/** Who has worked for this long is well; what ended it then has nothing to do with how it ended before. */
const HEALTHY_MS = 10_000;

/**
 * When to start a process again that has ended. One that was ready is started at once, however often: somebody waits for
 * it, and a moment of service is better than none. One that keeps ending before it is ready gets one immediate try, then
 * 100, 200, 400 … ms, and from the sixth end in a row 10, 20, 40, then 60 seconds.
 */
export function afterEnd(story: LifeStory, life: EndedLife): { readonly story: LifeStory; readonly delayMs: number } {
  const restartCount = story.restartCount + 1;
  const shortLifeCount = isHealthy(life.readyAt, life.endedAt) ? 0 : story.shortLifeCount + 1;
  if (life.readyAt !== null) {
    const delayMs = Math.max(0, life.startedAt + MINIMUM_CYCLE_MS - life.endedAt);
    return { story: { failedStartCount: 0, shortLifeCount, restartCount }, delayMs };
  }
  const failedStartCount = story.failedStartCount + 1;
  return { story: { failedStartCount, shortLifeCount, restartCount }, delayMs: failedStartDelayMs(failedStartCount) };
}

/**
 * True from the sixth end in a row without a healthy time between two of them, also for a service that gets ready and then
 * falls over each time; until it has worked for a healthy time. `readyAt`: since when the present life works.
 */
export function isCrashLooping(story: LifeStory, readyAt: number | null, now: number): boolean {
  return story.shortLifeCount >= CRASH_LOOP_COUNT && !isHealthy(readyAt, now);
}

function isHealthy(readyAt: number | null, now: number): boolean {
  return readyAt !== null && now - readyAt >= HEALTHY_MS;
}

function failedStartDelayMs(count: number): number {
  if (count >= CRASH_LOOP_COUNT) {
    return Math.min(CRASH_LOOP_DELAY_MS * 2 ** (count - CRASH_LOOP_COUNT), LONGEST_DELAY_MS);
  }
  return count <= 1 ? 0 : FIRST_DELAY_MS * 2 ** (count - 2);
}
