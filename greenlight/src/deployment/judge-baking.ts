import { chanceAbove, chanceOfRise, type Share } from "../statistics/beta.ts";
import { DEFAULT_BAKING, type BakingPolicy } from "./gates/baking-policy.ts";
import { compareDurations } from "./gates/compare-durations.ts";
import type { DurationCounts, TrafficFigures } from "./gates/traffic-figures.ts";
import { NO_TRAFFIC, type WatchedTraffic } from "./gates/watch-traffic.ts";

/** What was seen of production since green has the traffic. */
export interface BakingFigures {
  readonly probeCount: number;
  readonly failedProbeCount: number;
  /** Failed probes in a row, up to now. */
  readonly failedInARow: number;
  /** Requests that the router sent to green, the probes among them. */
  readonly requestCount: number;
  /** Of these: answered with 500 or more, or broken off. */
  readonly errorCount: number;
  /** How long its answers took; null: not measured. */
  readonly durations: DurationCounts | null;
  /** Why the router's figures can't be believed; null: they can. */
  readonly trafficFault: string | null;
  readonly watched: WatchedTraffic;
  /** Null: not looked yet. */
  readonly restartCountBefore: number | null;
  /** Times that green's process ended since. */
  readonly restartCount: number;
}

export interface BakingVerdict {
  readonly verdict: "pass" | "fail" | "inconclusive";
  readonly why: string;
}

interface BakingStandard {
  readonly policy: BakingPolicy;
  /** Of blue, until the switch; null: unknown, or nothing was live. */
  readonly before: TrafficFigures | null;
  /** False while baking goes on: then a look needs stronger evidence, since there are many. */
  readonly isFinal: boolean;
  /** False as long as there is more time for a release without a verdict. */
  readonly isLast: boolean;
}

export const NO_FIGURES: BakingFigures = {
  probeCount: 0,
  failedProbeCount: 0,
  failedInARow: 0,
  requestCount: 0,
  errorCount: 0,
  durations: null,
  trafficFault: null,
  watched: NO_TRAFFIC,
  restartCountBefore: null,
  restartCount: 0,
};

const MINIMUM_PROBE_COUNT = 5;
const FAILED_IN_A_ROW_LIMIT = 3;
const PROBE_LIMIT_PERCENT = 5;
const CONFIDENCE = 0.95;
const EARLY_CONFIDENCE = 0.995;

/**
 * Whether green does well with real traffic. A fail is final as soon as it is seen; a pass counts only at the end of the
 * baking time, and too little data proves nothing. The controller's own probes are traffic too, though synthetic: unless the
 * policy wants users, they are enough for a pass, and it says so. They are left out of the error rate, which they would dilute.
 */
export function judgeBaking(figures: BakingFigures, standard: Partial<BakingStandard> = {}): BakingVerdict {
  const { policy = DEFAULT_BAKING, before = null, isFinal = true, isLast = isFinal } = standard;
  const { probeCount, failedProbeCount, failedInARow, restartCount, trafficFault } = figures;
  if (restartCount > 0) return fail("the new release's process ended after the switch");
  if (failedInARow >= FAILED_IN_A_ROW_LIMIT) return fail(`${failedInARow} probes of production failed in a row`);
  const traffic = judgeTraffic(figures, { policy, before, isFinal, isLast });
  if (trafficFault === null && traffic.verdict === "fail") return traffic;
  if (probeCount < MINIMUM_PROBE_COUNT) {
    return inconclusive(`only ${probeCount} probes of production, ${MINIMUM_PROBE_COUNT} are needed`);
  }
  if ((100 * failedProbeCount) / probeCount > PROBE_LIMIT_PERCENT) {
    return fail(`${failedProbeCount} of ${probeCount} probes of production failed`);
  }
  return trafficFault === null ? traffic : inconclusive(trafficFault);
}

function judgeTraffic(figures: BakingFigures, { policy, before, isFinal, isLast }: BakingStandard): BakingVerdict {
  const count = Math.max(0, figures.requestCount - figures.probeCount);
  const hits = Math.min(count, Math.max(0, figures.errorCount - figures.failedProbeCount));
  const told = `${hits} of ${count} requests failed`;
  if (count < policy.minimumRequests) {
    const few = `${count} requests of users, ${policy.minimumRequests} are needed to judge error rate and latency`;
    if (policy.needsTraffic) return inconclusive(`only ${few}`);
    return pass(`${figures.probeCount} synthetic probes went well (${few})`);
  }
  const confidence = isFinal ? CONFIDENCE : EARLY_CONFIDENCE;
  const limit = policy.maximumErrorPercent;
  const share: Share = { hits, count };
  const percent = (100 * hits) / count;
  if (percent > limit && chanceAbove(share, limit / 100) >= confidence) return fail(`${told}, more than ${limit} %`);
  const known = before !== null && before.requestCount >= policy.minimumRequests ? before : null;
  if (known !== null) {
    const earlier: Share = { hits: Math.min(known.errorCount, known.requestCount), count: known.requestCount };
    const rise = percent - (100 * earlier.hits) / earlier.count;
    const against = `${earlier.hits} of ${earlier.count} before`;
    // A single error is no rise, however few requests there were.
    if (hits > 1 && rise > policy.errorRisePercent) {
      const chance = chanceOfRise(earlier, share, policy.errorRisePercent / 100);
      if (chance >= confidence)
        return fail(`${told}, ${against}: a rise of more than ${policy.errorRisePercent} points`);
      if (isFinal) return inconclusive(`${told}, ${against}: perhaps a rise, too few requests to tell`);
    }
  }
  if (percent > limit) return inconclusive(`${told}: perhaps more than ${limit} %, too few requests to tell`);
  const latency = compareDurations(known?.durations ?? null, figures.durations, policy);
  // A process that has just started is slow at first: only the whole of the time that it can get tells.
  if (latency.verdict === "fail" && !isLast) return inconclusive(latency.why);
  if (latency.verdict !== "pass") return latency;
  return pass(`${told}, ${figures.probeCount} probes beside them; ${latency.why}`);
}

function pass(why: string): BakingVerdict {
  return { verdict: "pass", why };
}

function fail(why: string): BakingVerdict {
  return { verdict: "fail", why };
}

function inconclusive(why: string): BakingVerdict {
  return { verdict: "inconclusive", why };
}
