/**
 * Milliseconds by a clock that nobody sets, for durations. Not comparable with `performance.now()`, which tells the same from
 * another zero; what stands behind that takes 2 ms to load, and a run of which nothing has to run does without.
 */
export function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1000 + nanoseconds / 1e6;
}
