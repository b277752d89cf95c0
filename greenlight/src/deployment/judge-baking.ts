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
  /** Null: not looked yet. */
  readonly restartCountBefore: number | null;
  /** Times that green's process ended since. */
  readonly restartCount: number;
}

export interface BakingVerdict {
  readonly verdict: "pass" | "fail" | "inconclusive";
  readonly why: string;
}

export const NO_FIGURES: BakingFigures = {
  probeCount: 0,
  failedProbeCount: 0,
  failedInARow: 0,
  requestCount: 0,
  errorCount: 0,
  restartCountBefore: null,
  restartCount: 0,
};

const MINIMUM_PROBE_COUNT = 5;
const FAILED_IN_A_ROW_LIMIT = 3;
const MINIMUM_REQUEST_COUNT = 20;
const ERROR_LIMIT_PERCENT = 5;

/**
 * Whether green does well with real traffic. A fail is final as soon as it is seen; a pass counts only at the end of the
 * baking time, and too few probes prove nothing. The probes are left out of the error rate, since they would dilute it.
 */
export function judgeBaking(figures: BakingFigures): BakingVerdict {
  const { probeCount, failedProbeCount, failedInARow, restartCount } = figures;
  if (restartCount > 0) return { verdict: "fail", why: "the new release's process ended after the switch" };
  if (failedInARow >= FAILED_IN_A_ROW_LIMIT) {
    return { verdict: "fail", why: `${failedInARow} probes of production failed in a row` };
  }
  const requestCount = Math.max(0, figures.requestCount - probeCount);
  const errorCount = Math.max(0, figures.errorCount - failedProbeCount);
  const errorPercent = requestCount === 0 ? 0 : (100 * errorCount) / requestCount;
  if (requestCount >= MINIMUM_REQUEST_COUNT && errorPercent > ERROR_LIMIT_PERCENT) {
    const share = `${errorCount} of ${requestCount} requests`;
    return { verdict: "fail", why: `${share} failed, more than ${ERROR_LIMIT_PERCENT} %` };
  }
  if (probeCount < MINIMUM_PROBE_COUNT) {
    return {
      verdict: "inconclusive",
      why: `only ${probeCount} probes of production, ${MINIMUM_PROBE_COUNT} are needed`,
    };
  }
  if ((100 * failedProbeCount) / probeCount > ERROR_LIMIT_PERCENT) {
    return { verdict: "fail", why: `${failedProbeCount} of ${probeCount} probes of production failed` };
  }
  return { verdict: "pass", why: `${probeCount} probes and ${requestCount} requests, ${errorCount} errors` };
}
