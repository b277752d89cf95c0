/**
 * Upper bounds of the histogram's buckets, in milliseconds; what took longer is counted behind the last one. From a model that
 * looks up a table to one that writes a text.
 */
export const DURATION_BOUNDS_MS: readonly number[] = [
  2.5, 5, 10, 25, 50, 100, 250, 500, 1000, 2500, 5000, 10_000, 30_000,
];

/** What happened at one deployment since this router started. Written to with every request, so it is plain counting. */
export class Traffic {
  /** Requests and tunnels handed to the deployment that have not ended there. */
  inFlightCount = 0;
  /** Of these, connections that were upgraded (WebSockets) and answers that are event streams. */
  longLivedCount = 0;
  requestCount = 0;
  serverErrorCount = 0;
  failureCount = 0;
  /** Answers of the deployment by the first digit of their status. */
  readonly answerCounts: number[] = [0, 0, 0, 0, 0, 0];
  /** One a bucket, and a last one for what is longer than all bounds. Time from handing over to the head of the answer. */
  readonly durationCounts: number[] = DURATION_BOUNDS_MS.map(() => 0).concat(0);
  durationSumMs = 0;

  answered(status: number, durationMs: number): void {
    const digit = Math.floor(status / 100);
    this.answerCounts[digit] = (this.answerCounts[digit] ?? 0) + 1;
    if (status >= 500) this.serverErrorCount += 1;
    let bucket = 0;
    while (bucket < DURATION_BOUNDS_MS.length && durationMs > (DURATION_BOUNDS_MS[bucket] ?? 0)) bucket += 1;
    this.durationCounts[bucket] = (this.durationCounts[bucket] ?? 0) + 1;
    this.durationSumMs += durationMs;
  }
}
