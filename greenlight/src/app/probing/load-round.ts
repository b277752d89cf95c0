import type { Result } from "autocannon";

import type { LatencyFigures } from "../../evidence/evidence.ts";
import { quantile } from "../../statistics/quantile.ts";

export interface LoadOptions {
  readonly url: string;
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE" | "HEAD" | "OPTIONS";
  readonly body: string | null;
  readonly connectionCount: number;
  readonly durationMs: number;
  readonly signal: AbortSignal;
}

export interface LoadRound {
  /** Null when nothing was answered. */
  readonly figures: LatencyFigures | null;
  readonly answeredCount: number;
  /** Faulty connections, timeouts, answers other than 2xx, and requests that were never answered. */
  readonly errorCount: number;
  /** What went wrong: "12 answers of status 500, 1 lost". Empty when nothing did. */
  readonly faults: string;
}

/** So that a service which is down ends the round at once instead of being dialled for its whole length. */
const ENOUGH_ERRORS = 20;

/**
 * One round of closed-loop load: each connection sends its next request when the last one is answered. Latencies are
 * taken from each answer, because the generator's own histogram counts whole milliseconds. Rejects with the signal's
 * reason when it is aborted.
 */
export async function runLoadRound(options: LoadOptions): Promise<LoadRound> {
  options.signal.throwIfAborted();
  const { default: autocannon } = await import("autocannon");
  const latencies: number[] = [];
  const { promise, resolve, reject } = Promise.withResolvers<Result>();
  const startedAt = performance.now();
  const load = autocannon(
    {
      url: options.url,
      method: options.method,
      connections: options.connectionCount,
      duration: options.durationMs / 1000,
      sampleInt: 10,
      bailout: ENOUGH_ERRORS,
      ...(options.body === null ? {} : { body: options.body, headers: { "content-type": "application/json" } }),
    },
    (error: unknown, result) => (error === null || error === undefined ? resolve(result) : reject(error)),
  );
  load.on("response", (_client, _status, _bytes, latencyMs) => latencies.push(latencyMs));
  const stop = (): void => load.stop();
  options.signal.addEventListener("abort", stop, { once: true });
  try {
    const result = await promise;
    options.signal.throwIfAborted();
    return summarise({ result, latencies, elapsedMs: performance.now() - startedAt });
  } finally {
    options.signal.removeEventListener("abort", stop);
  }
}

function summarise(round: {
  readonly result: Result;
  readonly latencies: readonly number[];
  readonly elapsedMs: number;
}): LoadRound {
  const { result, latencies, elapsedMs } = round;
  // One request a connection is under way when the round ends; what is missing beyond that was swallowed.
  const lostCount = Math.max(0, result.requests.sent - latencies.length - result.errors - result.connections);
  const statuses = Object.entries(result.statusCodeStats ?? {})
    .filter(([status]) => !status.startsWith("2"))
    .map(([status, { count = 0 }]) => `${count} of status ${status}`);
  const faults = [
    ...statuses,
    ...(result.errors > 0 ? [`${result.errors} faulty connections (${result.timeouts} timed out)`] : []),
    ...(lostCount > 0 ? [`${lostCount} never answered`] : []),
  ];
  return {
    figures: latencies.length === 0 ? null : figuresOf(latencies, elapsedMs),
    answeredCount: latencies.length,
    errorCount: result.errors + result.non2xx + lostCount,
    faults: faults.join(", "),
  };
}

function figuresOf(latencies: readonly number[], elapsedMs: number): LatencyFigures {
  const sorted = Float64Array.from(latencies).toSorted();
  return {
    p50Ms: rounded(quantile(sorted, 0.5)),
    p95Ms: rounded(quantile(sorted, 0.95)),
    p99Ms: rounded(quantile(sorted, 0.99)),
    requestsPerSecond: Math.round((latencies.length * 1000) / elapsedMs),
  };
}

/** To a microsecond. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}
