import { areWhole, type TrafficFigures } from "./traffic-figures.ts";

/** Green's traffic as it adds up over all routers that lived while it baked. */
export interface WatchedTraffic {
  /** What the present router said last. */
  readonly last: TrafficFigures;
  /** What earlier routers had counted when they ended. */
  readonly carried: { readonly requestCount: number; readonly errorCount: number };
  /** How many routers ended meanwhile. */
  readonly lossCount: number;
  /** How many looks in a row brought nothing that can be believed; a single one may fall between two routers. */
  readonly blindCount: number;
}

const NOTHING: TrafficFigures = { requestCount: 0, errorCount: 0, durations: null };
export const NO_TRAFFIC: WatchedTraffic = {
  last: NOTHING,
  carried: { requestCount: 0, errorCount: 0 },
  lossCount: 0,
  blindCount: 0,
};

/** Of what a router that ends has counted, this many requests may have come after the last look. */
const LOST_WITH_ROUTER = 2;
const LAG = 2;
const BLIND_LIMIT = 3;

/** One more look at the router's figures of green; null: it tells nothing of it, or can't be asked. */
export function watchTraffic(watched: WatchedTraffic, seen: TrafficFigures | null): WatchedTraffic {
  if (seen === null || !areWhole(seen)) return { ...watched, blindCount: watched.blindCount + 1 };
  const { last, carried } = watched;
  if (seen.requestCount >= last.requestCount) return { ...watched, last: seen, blindCount: 0 };
  return {
    last: seen,
    carried: {
      requestCount: carried.requestCount + last.requestCount,
      errorCount: carried.errorCount + last.errorCount,
    },
    lossCount: watched.lossCount + 1,
    blindCount: 0,
  };
}

export function sumOf({ last, carried }: WatchedTraffic): TrafficFigures {
  return {
    requestCount: carried.requestCount + last.requestCount,
    errorCount: carried.errorCount + last.errorCount,
    durations: last.durations,
  };
}

/**
 * Why the figures can't be believed. Each good probe went through the router to green, so a router that counted fewer requests
 * than that shows old figures, or those of something else.
 */
export function trafficFault(watched: WatchedTraffic, goodProbeCount: number): string | null {
  if (watched.blindCount >= BLIND_LIMIT) return "the router's figures of the new release are absent or no numbers";
  const { requestCount } = sumOf(watched);
  const allowance = LAG + watched.lossCount * LOST_WITH_ROUTER;
  if (goodProbeCount <= requestCount + allowance) return null;
  return `the router's figures are old: ${requestCount} requests, though ${goodProbeCount} probes went through it`;
}
