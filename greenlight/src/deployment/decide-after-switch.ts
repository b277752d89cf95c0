import { problem } from "../base/problem.ts";
import { unreachable } from "../base/unreachable.ts";
import { enter, look, perform, type Action, type EnterAction } from "./action.ts";
import { blueAttemptLimit, bringBlueBack, makeRoomForBlue } from "./decide-hold.ts";
import { greenOf, type Deployment, type Failure } from "./deployment.ts";
import { drainRelease } from "./drain-release.ts";
import { bakingFigures } from "./gates/baking-figures.ts";
import { judgeBaking } from "./judge-baking.ts";
import type { Observation } from "./observation.ts";
import type { DeploymentTimings } from "./target.ts";

type StateAfterSwitch = "baking" | "draining" | "warm-blue" | "retiring" | "rolling-back";

const BLUE_POLL_MS = 100;
const BLUE_ATTEMPT_LIMIT = 20;
const ATTEMPT_LIMIT = 5;
const SWITCH_BACK_ATTEMPT_LIMIT = 10;
const PROBES_AFTER_GOING_BACK = 3;
const PROBES_WHILE_BAKING = 20;
const SHORTEST_PROBE_MS = 25;
const LONGEST_PROBE_MS = 200;

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
      return keepWarm(deployment, seen, now);
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
  if (deployment.warm !== null) return watchTakenBack(deployment, seen);
  const { interruption } = deployment;
  if (interruption?.kind === "cancelled" || interruption?.kind === "overruled") {
    return enter("rolling-back", interruption.why);
  }
  if (target.route.live?.deploymentId !== deployment.id) {
    return goBack(deployment, "the traffic went elsewhere while the new release was baking");
  }
  const bakedMs = now - found.since;
  const { baking: policy, before } = deployment.gates;
  const isFinal = bakedMs >= timings.bakeMs;
  const isLast = bakedMs >= timings.bakeMs + policy.extendMs;
  const judged = judgeBaking(found.baking, { policy, before, isFinal, isLast });
  const isOver = judged.verdict === "inconclusive" ? isLast : isFinal;
  if (judged.verdict !== "fail" && !isOver) return look("production", probeEveryMs(timings));
  const baking = { ...judged, problems: [], figures: bakingFigures(found.baking, { before, bakedMs }) };
  const why = judged.verdict === "inconclusive" ? `no verdict: ${judged.why}` : judged.why;
  const isGood = judged.verdict === "pass" || (judged.verdict === "inconclusive" && policy.whenInconclusive === "warn");
  return { ...(isGood ? enter("draining", why) : goBack(deployment, why)), baking };
}

/**
 * A release that got the traffic back has proven itself before, so it is only seen whether it answers. There is no way back from
 * a way back: what a person has just taken the traffic from does not get it again without one.
 */
function watchTakenBack(deployment: Deployment, { target, found, timings }: Observation): Action {
  const { blue, environment, warm, releaseId, slot } = deployment;
  const { probeCount, failedProbeCount, failedInARow } = found.baking;
  if (target.route.live?.deploymentId !== warm?.deploymentId || failedInARow >= PROBES_AFTER_GOING_BACK) {
    const beside = blue === null ? "nothing runs beside it" : `${blue.releaseId} still runs beside it`;
    const message = `${releaseId} got the traffic back and does not answer in production; ${beside}`;
    const problems = [problem("DEPLOYMENT_NEEDS_HUMAN", { place: `${environment}, slot ${slot}`, message })];
    return giveUp("the release that was gone back to does not answer", problems);
  }
  if (probeCount - failedProbeCount >= PROBES_AFTER_GOING_BACK && failedInARow === 0) {
    return enter("draining", `it answers in production (${probeCount} probes)`);
  }
  return look("production", Math.min(timings.probeEveryMs, LONGEST_PROBE_MS));
}

function drain(deployment: Deployment, seen: Observation, now: number): Action {
  const { blue, kind } = deployment;
  if (blue === null) return enter("warm-blue", "nothing was live before");
  const waiting = drainRelease({ release: blue, deployment, seen, now });
  if (waiting !== null) return waiting;
  if (kind === "rollback") return enter("retiring", `no request is left at ${blue.releaseId}, which was taken back`);
  return enter("warm-blue", "no request is left at the old release");
}

/** The old release goes on running without traffic, so that a rollback is one switch. From here on the target minds it. */
function keepWarm(deployment: Deployment, { target, timings, found }: Observation, now: number): Action {
  const { blue, interruption } = deployment;
  const slot = blue === null ? null : target.slots[blue.slot];
  if (blue === null || slot?.deploymentId !== blue.deploymentId) return enter("retiring", "nothing is left to keep");
  if (slot.isParked === true) return enter("retiring", "there is no room for two releases");
  if (timings.warmMs === 0) return enter("retiring", "the environment keeps no old release running");
  if (interruption?.kind === "cancelled") return enter("retiring", interruption.why);
  if (slot.warmUntil === null && found.failedAttemptCount > 0) {
    return enter("retiring", "the old release can't be kept running");
  }
  if (slot.warmUntil === null) {
    const until = now + timings.warmMs;
    return perform({ kind: "keep-slot", slot: blue.slot, deploymentId: blue.deploymentId, until });
  }
  // Files that can't be removed now are removed by the next deployment.
  if (!found.isPruned) return perform({ kind: "prune" });
  const until = new Date(slot.warmUntil).toISOString();
  return enter("succeeded", `${blue.releaseId} is kept running for a rollback until ${until}`);
}

function retire(deployment: Deployment, { target, found }: Observation): Action {
  const { blue } = deployment;
  if (blue !== null && target.slots[blue.slot]?.deploymentId === blue.deploymentId) {
    if (found.failedAttemptCount >= ATTEMPT_LIMIT) return giveUp("the old release can't be ended", found.lastProblems);
    return perform({ kind: "end-slot", slot: blue.slot, deploymentId: blue.deploymentId });
  }
  // Files that can't be removed now are removed by the next deployment.
  if (!found.isPruned && found.failedAttemptCount === 0) return perform({ kind: "prune" });
  return enter("succeeded", `${deployment.releaseId} serves alone`);
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
    const making = makeRoomForBlue(deployment, seen, now);
    if (making !== null) return making;
    if (found.blue.readyInARow > 0) return perform({ kind: "switch-to-blue" });
    const attemptLimit = deployment.swap === "hold" ? blueAttemptLimit(seen.timings) : BLUE_ATTEMPT_LIMIT;
    if (found.blue.count >= attemptLimit) {
      const message = `${blue.releaseId} is not fit to take over: ${found.blue.last?.detail ?? "no answer"}`;
      return giveUp("there is no healthy release to go back to", [
        problem("DEPLOYMENT_NEEDS_HUMAN", {
          place: `${deployment.environment}, slot ${blue.slot}`,
          message: `${why}; ${message}`,
        }),
      ]);
    }
    return look("blue-ready", found.blue.count === 0 ? 0 : BLUE_POLL_MS);
  }
  if (target.slots[green.slot]?.deploymentId === green.deploymentId) {
    const waiting = drainRelease({ release: green, deployment, seen, now });
    if (waiting !== null) return waiting;
    if (found.failedAttemptCount >= ATTEMPT_LIMIT) return giveUp("the new release can't be ended", found.lastProblems);
    return perform({ kind: "end-slot", slot: green.slot, deploymentId: green.deploymentId });
  }
  const back = bringBlueBack(deployment, seen, now);
  if (back !== null) return back;
  if (!found.isPruned && found.failedAttemptCount === 0) return perform({ kind: "prune" });
  return enter("rolled-back", why);
}

function probeEveryMs({ bakeMs }: DeploymentTimings): number {
  return Math.min(Math.max(bakeMs / PROBES_WHILE_BAKING, SHORTEST_PROBE_MS), LONGEST_PROBE_MS);
}

function goBack(deployment: Deployment, why: string): EnterAction {
  const problems = [problem("DEPLOYMENT_FAILED", { place: deployment.environment, message: why })];
  return enter("rolling-back", why, { kind: "failed", why, problems });
}

function giveUp(why: string, problems: Failure["problems"]): Action {
  return enter("needs-human", why, { kind: "failed", why, problems });
}
