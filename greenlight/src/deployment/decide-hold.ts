import { problem } from "../base/problem.ts";
import { enter, look, perform, type Action } from "./action.ts";
import { greenOf, type Deployment, type Failure } from "./deployment.ts";
import { drainRelease } from "./drain-release.ts";
import type { Observation } from "./observation.ts";
import type { DeploymentTimings, LiveRelease } from "./target.ts";

/**
 * For releases that do not fit into the memory side by side: blue is stopped before green starts, and requests wait in the router
 * meanwhile. Blue keeps its slot, its files and its secrets, so that the way back is to start it again.
 */

const BLUE_POLL_MS = 100;
const ATTEMPT_LIMIT = 5;
/** Of the longest hold: what may pass until the requests under way at the old release have ended. */
const DRAIN_SHARE = 0.25;

/** Where it goes on from the decision that green is to be started. */
export function startState(
  { blue, warm }: Deployment,
  { timings, target }: Pick<Observation, "timings" | "target">,
): "stopping-blue" | "starting-green" {
  const isRunning = blue !== null && target.slots[blue.slot]?.deploymentId === blue.deploymentId;
  return timings.swap === "hold" && isRunning && warm === null ? "stopping-blue" : "starting-green";
}

/** All that takes time and needs no room is done first; then requests are held, and blue ends when it has none under way. */
export function stopBlue(deployment: Deployment, seen: Observation, now: number): Action {
  const { blue, environment } = deployment;
  const { target, found, timings } = seen;
  if (found.failedAttemptCount >= ATTEMPT_LIMIT) {
    return fail("room for the new release can't be made", found.lastProblems);
  }
  if (blue === null) return enter("starting-green", "nothing was live before");
  const { live } = target.route;
  if (live?.deploymentId !== blue.deploymentId) {
    const message = `${live?.deploymentId ?? "nothing"} is live now`;
    return fail("the traffic went elsewhere meanwhile", [problem("ENVIRONMENT_BUSY", { place: environment, message })]);
  }
  if (!found.isInstalled) return perform({ kind: "install" });
  if (target.keeper === null || target.router?.isInPlace !== true) return perform({ kind: "start-target" });
  const occupant = target.slots[deployment.slot];
  if (occupant !== null && occupant.deploymentId !== deployment.id) {
    return perform({ kind: "end-slot", slot: deployment.slot, deploymentId: occupant.deploymentId });
  }
  const isParked = target.slots[blue.slot]?.isParked === true;
  if (!isParked && !isHeld(seen, now)) return perform({ kind: "hold-route", until: now + timings.holdMs });
  if (isParked) return enter("starting-green", `${blue.releaseId} is stopped, and requests wait`);
  const limitMs = timings.holdMs * DRAIN_SHARE;
  return drainRelease({ release: blue, deployment, seen, now, limitMs }) ?? park(blue, true);
}

/** Before the switch: blue runs again and has the traffic, or there is nothing to do (null). Green has ended already. */
export function bringBlueBack(deployment: Deployment, seen: Observation, now: number): Action | null {
  const { blue } = deployment;
  const { target, found } = seen;
  if (deployment.swap !== "hold" || blue === null || target.isStopped || target.keeper === null) return null;
  const slot = target.slots[blue.slot];
  if (target.route.live?.deploymentId !== blue.deploymentId || slot?.deploymentId !== blue.deploymentId) return null;
  if (slot.isParked === true) return park(blue, false);
  if (found.blue.readyInARow === 0) return awaitBlue(deployment, seen);
  return isHeld(seen, now) ? perform({ kind: "hold-route", until: null }) : null;
}

/** After the switch: what has to happen before blue can be asked whether it is ready; null when it runs. */
export function makeRoomForBlue(deployment: Deployment, seen: Observation, now: number): Action | null {
  const { blue, swap } = deployment;
  const { target, timings } = seen;
  if (swap !== "hold" || blue === null || target.slots[blue.slot]?.isParked !== true) return null;
  const green = greenOf(deployment);
  if (target.slots[green.slot]?.deploymentId !== green.deploymentId) return park(blue, false);
  if (!isHeld(seen, now)) return perform({ kind: "hold-route", until: now + timings.holdMs });
  const limitMs = timings.holdMs * DRAIN_SHARE;
  const waiting = drainRelease({ release: green, deployment, seen, now, limitMs });
  return waiting ?? perform({ kind: "end-slot", slot: green.slot, deploymentId: green.deploymentId });
}

/** How often a blue that was stopped is asked until it counts as unfit: it may take as long to start as any release. */
export function blueAttemptLimit({ startTimeoutMs }: DeploymentTimings): number {
  return Math.ceil(startTimeoutMs / BLUE_POLL_MS);
}

function awaitBlue({ blue, environment }: Deployment, { found, timings }: Observation): Action {
  if (found.blue.count < blueAttemptLimit(timings))
    return look("blue-ready", found.blue.count === 0 ? 0 : BLUE_POLL_MS);
  const why = "the old release was stopped and does not come back";
  const message = `${blue?.releaseId ?? "it"}: ${found.blue.last?.detail ?? "no answer"}`;
  const place = `${environment}, slot ${blue?.slot ?? "none"}`;
  const problems = [problem("DEPLOYMENT_NEEDS_HUMAN", { place, message })];
  return enter("needs-human", why, { kind: "failed", why, problems });
}

function fail(why: string, problems: Failure["problems"]): Action {
  return enter("aborting", why, { kind: "failed", why, problems });
}

function park({ slot, deploymentId }: LiveRelease, isParked: boolean): Action {
  return perform({ kind: "park-slot", slot, deploymentId, isParked });
}

function isHeld({ target }: Observation, now: number): boolean {
  return (target.route.heldUntil ?? 0) > now;
}
