import { quantileRange } from "../../statistics/histogram.ts";
import type { BakingPolicy } from "./baking-policy.ts";
import type { DurationCounts } from "./traffic-figures.ts";

const QUANTILE = 0.95;
/** Standard deviations of a rank: 95 % on one side. */
const Z = 1.645;

/**
 * Green's 95th percentile against blue's. A fail only when green's lowest is above the limit even of blue's highest: the mix of
 * requests differs, and buckets are coarse, so that a doubt is none against green. Without figures of both nothing is compared.
 */
export function compareDurations(
  before: DurationCounts | null,
  now: DurationCounts | null,
  policy: Pick<BakingPolicy, "latencyRatio" | "latencyFloorMs" | "minimumRequests">,
): { readonly verdict: "pass" | "fail" | "inconclusive"; readonly why: string } {
  const earlier = before === null ? null : range(before, policy.minimumRequests);
  const later = now === null ? null : range(now, policy.minimumRequests);
  if (earlier === null || later === null) {
    return { verdict: "pass", why: "latency is not compared, one side has too few measured answers" };
  }
  const limitMs = Math.max(earlier.high * policy.latencyRatio, earlier.high + policy.latencyFloorMs);
  const told = `95 % of its answers took at most ${ms(later.middle)}, ${ms(earlier.middle)} before`;
  if (later.low > limitMs) return { verdict: "fail", why: `${told}: more than ${policy.latencyRatio} times as long` };
  return { verdict: "pass", why: told };
}

function range({ boundsMs, counts }: DurationCounts, minimum: number): ReturnType<typeof quantileRange> {
  const total = counts.reduce((sum, count) => sum + count, 0);
  return total < minimum ? null : quantileRange({ bounds: boundsMs, counts }, QUANTILE, Z);
}

function ms(value: number): string {
  return Number.isFinite(value) ? `${Math.round(value * 10) / 10} ms` : "longer than is measured";
}
