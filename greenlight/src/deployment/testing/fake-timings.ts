import type { DeploymentTimings } from "../target.ts";

/** Of a target in memory, whose clock costs nothing. */
export const FAKE_TIMINGS: DeploymentTimings = {
  leaseWaitMs: 5000,
  startTimeoutMs: 3000,
  readyCount: 3,
  probeEveryMs: 50,
  bakeMs: 1000,
  drainMs: 2000,
  warmMs: 60_000,
  swap: "beside",
  holdMs: 20_000,
};
