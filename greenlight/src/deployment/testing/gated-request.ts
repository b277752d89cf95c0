import type { DeployRequest } from "../environment.ts";
import { DEFAULT_BAKING } from "../gates/baking-policy.ts";
import type { DeployGates } from "../gates/gate-record.ts";
import type { ReplayPolicy } from "../gates/replay-policy.ts";
import { requestFor } from "./requests.ts";

/** Three requests at least, and answers that differ in nothing but their `predictionId`. */
export const REPLAY_POLICY: ReplayPolicy = {
  requests: [{ method: "POST", path: "/predict" }],
  samples: [],
  limit: 50,
  minimum: 3,
  tolerance: 1e-6,
  ignore: ["predictionId"],
  timeoutMs: 1000,
  p95Ms: null,
  memoryMb: null,
  memoryRatio: 2,
  whenInconclusive: "hold",
};

/** A request to deploy a release that has to pass `gates`; without any, only the baking that is usual. */
export function gatedRequest(
  label: string,
  gates: Partial<DeployGates>,
  change: Partial<DeployRequest> = {},
): DeployRequest {
  return {
    ...requestFor(label),
    gates: { smoke: null, replay: null, baking: DEFAULT_BAKING, ...gates },
    ...change,
  };
}
