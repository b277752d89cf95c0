import type { Json } from "../../base/json.ts";
import { quantileRange } from "../../statistics/histogram.ts";
import type { BakingFigures } from "../judge-baking.ts";
import type { DurationCounts, TrafficFigures } from "./traffic-figures.ts";

/** What a verdict on baking was judged by, as it stands in the record: green's figures, and blue's from before the switch. */
export function bakingFigures(
  figures: BakingFigures,
  { before, bakedMs }: { readonly before: TrafficFigures | null; readonly bakedMs: number },
): { readonly [name: string]: Json } {
  const { probeCount, failedProbeCount, requestCount, errorCount, durations, trafficFault } = figures;
  return {
    bakedMs,
    syntheticProbes: probeCount,
    failedProbes: failedProbeCount,
    trafficFault,
    after: { requests: requestCount, errors: errorCount, ...percentiles(durations) },
    before:
      before === null
        ? null
        : { requests: before.requestCount, errors: before.errorCount, ...percentiles(before.durations) },
  };
}

/** Upper edges of the buckets in which they lie; null: not measured, or above the last bound. */
function percentiles(durations: DurationCounts | null): { readonly p50Ms: Json; readonly p95Ms: Json } {
  return { p50Ms: percentile(durations, 0.5), p95Ms: percentile(durations, 0.95) };
}

function percentile(durations: DurationCounts | null, probability: number): Json {
  if (durations === null) return null;
  const range = quantileRange({ bounds: durations.boundsMs, counts: durations.counts }, probability, 0);
  return range === null || !Number.isFinite(range.middle) ? null : range.middle;
}
