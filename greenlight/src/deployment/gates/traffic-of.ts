import type { TargetState } from "../target.ts";
import type { TrafficFigures } from "./traffic-figures.ts";

/** What the router counted of a deployment since it started; null when it tells nothing of it. */
export function trafficOf(state: TargetState, deploymentId: string): TrafficFigures | null {
  const traffic = state.traffic.find((each) => each.deploymentId === deploymentId);
  if (traffic === undefined) return null;
  const { requestCount, serverErrorCount, failureCount, durations } = traffic;
  return { requestCount, errorCount: serverErrorCount + failureCount, durations: durations ?? null };
}
