import { problem } from "../base/problem.ts";
import { unreachable } from "../base/unreachable.ts";
import { enter, look, perform, type Action } from "./action.ts";
import { enteredAt, greenOf, type Deployment, type Failure } from "./deployment.ts";
import { judgeBaking } from "./judge-baking.ts";
import type { Observation } from "./observation.ts";
import type { DeploymentTimings, LiveRelease } from "./target.ts";

type StateAfterSwitch = "baking" | "draining" | "warm-blue" | "retiring" | "rolling-back";

const DRAIN_POLL_MS = 20;
const BLUE_POLL_MS = 100;
const BLUE_ATTEMPT_LIMIT = 20;
const ATTEMPT_LIMIT = 5;
const SWITCH_BACK_ATTEMPT_LIMIT = 10;
const PROBES_WHILE_BAKING = 20;
const SHORTEST_PROBE_MS = 25;
const LONGEST_PROBE_MS = 200;
/** What a baking without data gets on top of its time before it counts as failed. */
const DATA_GRACE_MS = 5000;
/** What requests get that are under way when somebody pressed Ctrl-C. */
const INTERRUPTED_DRAIN_MS = 2000;

/**
 * `decide` for the states after the switch. Blue keeps running until baking has passed, so the way back is one switch; once
 * it has passed, the way is forward only, and an interruption shortens it.
 */
export function decideAfterSwitch(
  state: StateAfterSwitch,
  deployment: Deployment,
  seen: Observation,
  now: number,
): Action {
  switch (state) {
    case "baking":
      return bake(deployment, seen, now);
    case "draining":
      return drain(deployment, seen, now);
    case "warm-blue":
      // One machine need not hold two models: files of the old release stay, its process goes.
      return enter("retiring", "a local environment keeps the old release's files, not its process");
    case "retiring":
      return retire(deployment, seen);
    case "rolling-back":
      return rollBack(deployment, seen, now);
    default:
      return unreachable(state);
  }
}

function bake(deployment: Deployment, seen: Observation, now: number): Action {
  const { target, found, timings } = seen;
  if (target.isStopped) return enter("rolling-back", "the environment was stopped while the new release was baking");
  if (deployment.interruption?.kind === "cancelled") return enter("rolling-back", deployment.interruption.why);
  if (target.route.live?.deploymentId !== deployment.id) {
    return goBack(deployment, "the traffic went elsewhere while the new release was baking");
  }
  const { verdict, why } = judgeBaking(found.baking);
  if (verdict === "fail") return goBack(deployment, why);
  const bakedMs = now - found.since;
  if (bakedMs >= timings.bakeMs && verdict === "pass") return enter("draining", why);
  if (bakedMs >= timings.bakeMs + DATA_GRACE_MS) return goBack(deployment, `no verdict: ${why}`);
  return look("production", probeEveryMs(timings));
}

function drain(deployment: Deployment, seen: Observation, now: number): Action {
  const { blue } = deployment;
  if (blue === null) return enter("warm-blue", "nothing was live before");
  const release = blue;
  return empty({ release, deployment, seen, now }) ?? enter("warm-blue", "no request is left at the old release");
}

function retire(deployment: Deployment, { target, found }: Observation): Action {
  const { blue } = deployment;
  if (blue !== null && target.slots[blue.slot]?.deploymentId === blue.deploymentId) {
    if (found.failedAttemptCount >= ATTEMPT_LIMIT) return giveUp("the old release can't be ended", found.lastProblems);
    return perform({ kind: "end-slot", slot: blue.slot, deploymentId: blue.deploymentId });
  }
  // Files that can't be removed now are removed by the next deployment.
  if (!found.isPruned && found.failedAttemptCount === 0) return perform({ kind: "prune" });
  return enter("succeeded", "the new release serves alone");
}

function rollBack(deployment: Deployment, seen: Observation, now: number): Action {
  const { target, found } = seen;
  const { blue } = deployment;
  const green = greenOf(deployment);
  const why = deployment.failure?.why ?? deployment.interruption?.why ?? "the new release was taken back";
  if (target.isStopped) return enter("rolled-back", "the environment was stopped");
  const isGreenLive = target.route.live?.deploymentId === deployment.id;
  if (blue === null) {
    if (found.failedAttemptCount >= ATTEMPT_LIMIT) return giveUp("the environment can't be ended", found.lastProblems);
    const isRunning = target.keeper !== null || target.router !== null;
    return isRunning ? perform({ kind: "stop-target" }) : enter("rolled-back", `${why}; nothing was live before`);
  }
  if (isGreenLive) {
    if (found.failedAttemptCount >= SWITCH_BACK_ATTEMPT_LIMIT) {
      return giveUp("the route can't be switched back", found.lastProblems);
    }
    if (found.blue.readyInARow > 0) return perform({ kind: "switch-to-blue" });
    if (found.blue.count >= BLUE_ATTEMPT_LIMIT) {
      const message = `${blue.releaseId} is not fit to take over: ${found.blue.last?.detail ?? "no answer"}`;
      return giveUp("there is no healthy release to go back to", [
        problem("DEPLOYMENT_FAILED", { place: `${deployment.environment}, slot ${blue.slot}`, message }),
      ]);
    }
    return look("blue-ready", found.blue.count === 0 ? 0 : BLUE_POLL_MS);
  }
  if (target.slots[green.slot]?.deploymentId === green.deploymentId) {
    const waiting = empty({ release: green, deployment, seen, now });
    if (waiting !== null) return waiting;
    if (found.failedAttemptCount >= ATTEMPT_LIMIT) return giveUp("the new release can't be ended", found.lastProblems);
    return perform({ kind: "end-slot", slot: green.slot, deploymentId: green.deploymentId });
  }
  if (!found.isPruned && found.failedAttemptCount === 0) return perform({ kind: "prune" });
  return enter("rolled-back", why);
}

/** Waits until a release that gets no new requests has none under way, then closes its connections; null when done. */
function empty(at: {
  readonly release: LiveRelease;
  readonly deployment: Deployment;
  readonly seen: Observation;
  readonly now: number;
}): Action | null {
  const { release, deployment, seen, now } = at;
  if (seen.found.isClosed || seen.target.isStopped) return null;
  const { drainMs } = seen.timings;
  const limitMs = deployment.interruption === null ? drainMs : Math.min(drainMs, INTERRUPTED_DRAIN_MS);
  // A router that restarted has lost the connections along with the count of them.
  const traffic = seen.target.traffic.find((each) => each.deploymentId === release.deploymentId);
  const isEmpty = traffic === undefined || traffic.inFlightCount === 0;
  if (isEmpty || now - enteredAt(deployment) >= limitMs) {
    return perform({ kind: "close-upstream", deploymentId: release.deploymentId });
  }
  return look("target", DRAIN_POLL_MS);
}

function probeEveryMs({ bakeMs }: DeploymentTimings): number {
  return Math.min(Math.max(bakeMs / PROBES_WHILE_BAKING, SHORTEST_PROBE_MS), LONGEST_PROBE_MS);
}

function goBack(deployment: Deployment, why: string): Action {
  const problems = [problem("DEPLOYMENT_FAILED", { place: deployment.environment, message: why })];
  return enter("rolling-back", why, { kind: "failed", why, problems });
}

function giveUp(why: string, problems: Failure["problems"]): Action {
  return enter("needs-human", why, { kind: "failed", why, problems });
}
