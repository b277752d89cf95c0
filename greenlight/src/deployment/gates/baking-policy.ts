/** By what a release that has the traffic is judged. */
export interface BakingPolicy {
  /** Requests of users that tell anything about error rate and latency. */
  readonly minimumRequests: number;
  readonly maximumErrorPercent: number;
  /** Percentage points above the error rate of the release before. */
  readonly errorRisePercent: number;
  /** The 95th percentile over that of the release before; a rise below `latencyFloorMs` is none. */
  readonly latencyRatio: number;
  readonly latencyFloorMs: number;
  /** True: without enough requests of users there is no verdict, whatever the controller's own probes say. */
  readonly needsTraffic: boolean;
  /** How much longer a release without a verdict is watched. */
  readonly extendMs: number;
  /** What becomes of one that has no verdict then: `hold` takes it back, `warn` lets it through and says so. */
  readonly whenInconclusive: "hold" | "warn";
}

export const DEFAULT_BAKING: BakingPolicy = {
  minimumRequests: 20,
  maximumErrorPercent: 5,
  errorRisePercent: 2,
  latencyRatio: 3,
  latencyFloorMs: 100,
  needsTraffic: false,
  extendMs: 5000,
  whenInconclusive: "hold",
};
