import { look, perform, type Action } from "./action.ts";
import { enteredAt, type Deployment } from "./deployment.ts";
import type { Observation } from "./observation.ts";
import type { LiveRelease } from "./target.ts";

const DRAIN_POLL_MS = 20;
/** What requests get that are under way when somebody pressed Ctrl-C. */
const INTERRUPTED_DRAIN_MS = 2000;

/** Waits until a release that gets no new requests has none under way, then closes its connections; null when done. */
export function drainRelease(at: {
  readonly release: LiveRelease;
  readonly deployment: Deployment;
  readonly seen: Observation;
  readonly now: number;
  /** Left out: as long as the environment drains. */
  readonly limitMs?: number;
}): Action | null {
  const { release, deployment, seen, now } = at;
  if (seen.found.isClosed || seen.target.isStopped) return null;
  const longestMs = Math.min(seen.timings.drainMs, at.limitMs ?? Infinity);
  const limitMs = deployment.interruption === null ? longestMs : Math.min(longestMs, INTERRUPTED_DRAIN_MS);
  // A router that restarted has lost the connections along with the count of them.
  const traffic = seen.target.traffic.find((each) => each.deploymentId === release.deploymentId);
  const isEmpty = traffic === undefined || traffic.inFlightCount === 0;
  if (isEmpty || now - enteredAt(deployment) >= limitMs) {
    return perform({ kind: "close-upstream", deploymentId: release.deploymentId });
  }
  return look("target", DRAIN_POLL_MS);
}
