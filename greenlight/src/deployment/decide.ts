import { problem, type Problem } from "../base/problem.ts";
import { unreachable } from "../base/unreachable.ts";
import { enter, look, perform, type Action } from "./action.ts";
import type { ApprovalRecord } from "./approval.ts";
import { decideAfterSwitch } from "./decide-after-switch.ts";
import { bringBlueBack, startState, stopBlue } from "./decide-hold.ts";
import { enteredAt, greenOf, isFinished, stateOf, type Deployment, type Failure } from "./deployment.ts";
import type { DeploymentStateName } from "./environment.ts";
import type { GateReport } from "./gates/gate.ts";
import { describeStreak, type Observation } from "./observation.ts";
import type { LiveRelease } from "./target.ts";

const LEASE_POLL_MS = 200;
const RETRY_MS = 200;
const SWITCH_ATTEMPT_LIMIT = 10;
const CLEANUP_ATTEMPT_LIMIT = 5;
const EARLY_END_LIMIT = 3;
/** A release that runs already answers at once, or it is started anew. */
const WARM_READY_LIMIT_MS = 2000;
/** Of effects within one state; a target that reports success and does not show it must not keep a controller for ever. */
const EFFECT_LIMIT = 100;

/** States from which `aborting` leads back: blue has the traffic, and runs unless it had to make room. */
const UNDOABLE: ReadonlySet<DeploymentStateName> = new Set([
  "queued",
  "locked",
  "preflight",
  "awaiting-approval",
  "stopping-blue",
  "starting-green",
  "health",
  "smoke",
  "replay",
  "switching",
]);

/**
 * What to do next with a deployment, from what is written about it, what is seen of the world, and the time. Pure: the
 * same three give the same answer, whichever controller asks, so that one can take over from another at any point.
 *
 * Until the switch whatever happens leads to `aborting`, and nothing is done to blue, but that it is stopped where it has to make
 * room (`decide-hold.ts`); then `aborting` starts it again.
 */
export function decide(deployment: Deployment, seen: Observation, now: number): Action {
  if (seen.lease === "lost" || seen.found.isOvertaken) return { kind: "end" };
  const state = stateOf(deployment);
  if (seen.found.effectCount >= EFFECT_LIMIT && !isFinished(deployment)) return outOfTries(deployment, seen);
  switch (state) {
    case "queued":
      return interrupted(deployment) ?? queue(deployment, seen, now);
    case "locked":
      return interrupted(deployment) ?? begin(seen);
    case "preflight":
      return interrupted(deployment) ?? check(deployment, seen);
    case "awaiting-approval":
      return interrupted(deployment) ?? awaitApproval(deployment, seen);
    case "stopping-blue":
      return interrupted(deployment) ?? stopBlue(deployment, seen, now);
    case "starting-green":
      return interrupted(deployment) ?? startGreen(deployment, seen);
    case "health":
      return interrupted(deployment) ?? watchHealth(deployment, seen, now);
    case "smoke":
      return interrupted(deployment) ?? smoke(deployment, seen);
    case "replay":
      return interrupted(deployment) ?? replay(seen);
    case "switching":
      return switchOver(deployment, seen);
    case "aborting":
      return abort(deployment, seen, now);
    case "baking":
    case "draining":
    case "warm-blue":
    case "retiring":
    case "rolling-back":
      return decideAfterSwitch(state, deployment, seen, now);
    case "succeeded":
    case "aborted":
    case "rolled-back":
    case "needs-human":
      return { kind: "end" };
    default:
      return unreachable(state);
  }
}

/** Before the switch an interruption always means: leave everything as it was. */
function interrupted({ interruption }: Deployment): Action | null {
  return interruption === null ? null : enter("aborting", interruption.why);
}

function queue(deployment: Deployment, seen: Observation, now: number): Action {
  if (seen.lease === "held") return enter("locked", "holds the environment's lease");
  const { leaseHeldBy, failedAttemptCount, lastProblems } = seen.found;
  if (failedAttemptCount > 0) return fail("the lease can't be taken", lastProblems);
  if (leaseHeldBy === null) return perform({ kind: "take-lease" });
  if (now - enteredAt(deployment) < seen.timings.leaseWaitMs) return look("target", LEASE_POLL_MS);
  const message = `${leaseHeldBy} holds it`;
  return fail("another deployment is under way", [
    problem("ENVIRONMENT_BUSY", { place: deployment.environment, message }),
  ]);
}

function begin({ found, target }: Observation): Action {
  if (target.problems.length > 0) return fail("the environment's state can't be read", target.problems);
  if (found.failedAttemptCount > 0)
    return fail("an unfinished deployment can't be brought to an end", found.lastProblems);
  if (!found.isHealed) return perform({ kind: "heal" });
  return found.isServing ? { kind: "end" } : enter("preflight", "checks whether the release can run here");
}

function check(deployment: Deployment, seen: Observation): Action {
  const { found, needsApproval } = seen;
  if (deployment.warm !== null) return takeBack(deployment, deployment.warm, seen);
  if (found.preflight === null) return perform({ kind: "check-preflight" });
  if (found.preflight.length > 0) return fail("the release can't run here", found.preflight);
  return needsApproval
    ? enter("awaiting-approval", "waits for a person")
    : enter(startState(deployment, seen), "needs no approval here");
}

/** A release that still runs is kept from being ended by the target, then looked at, then it gets the traffic. */
function takeBack(deployment: Deployment, warm: LiveRelease, seen: Observation): Action {
  const { found, target } = seen;
  const slot = target.slots[warm.slot];
  if (slot?.deploymentId !== warm.deploymentId || found.failedAttemptCount > 0) {
    const state = startState({ ...deployment, warm: null }, seen);
    return enter(state, `${warm.releaseId} was just ended; it is started anew`);
  }
  // The definition may say another port by now: its router has to listen there before it is looked whether it does.
  if (target.keeper !== null && target.router?.isInPlace !== true) return perform({ kind: "start-target" });
  if (slot.warmUntil === null) return enter("health", `${warm.releaseId} still runs in slot ${warm.slot}`);
  return perform({ kind: "keep-slot", slot: warm.slot, deploymentId: warm.deploymentId, until: null });
}

function awaitApproval(deployment: Deployment, seen: Observation): Action {
  const { approval, failedAttemptCount, lastProblems } = seen.found;
  if (failedAttemptCount > 0) return fail("the answer can't be kept", lastProblems);
  if (approval === null) return perform({ kind: "ask-approval" });
  switch (approval.kind) {
    case "answered":
      return obeyAnswer(approval.answer, startState(deployment, seen));
    case "waiting":
      return { kind: "end" };
    case "expired": {
      const message = `nobody approved ${deployment.releaseId} in time`;
      return fail(message, [problem("APPROVAL_EXPIRED", { place: deployment.environment, message })]);
    }
    default:
      return unreachable(approval);
  }
}

function obeyAnswer({ answer, by, how, why }: ApprovalRecord, next: DeploymentStateName): Action {
  if (answer === "granted") return enter(next, `approved by ${by} (${how}): ${why}`);
  const reason = `rejected by ${by}: ${why}`;
  return enter("aborting", reason, { kind: "rejected", why: reason, problems: [] });
}

function startGreen(deployment: Deployment, { found, target }: Observation): Action {
  if (found.failedAttemptCount > 0) return fail("the new release can't be started", found.lastProblems);
  // Where requests wait for it by now, the files were brought before.
  if (!found.isInstalled && deployment.swap !== "hold") return perform({ kind: "install" });
  if (target.keeper === null || target.router?.isInPlace !== true) return perform({ kind: "start-target" });
  const occupant = target.slots[deployment.slot];
  if (occupant === null) return perform({ kind: "start-green" });
  if (occupant.deploymentId === deployment.id) return enter("health", "the new release was started");
  return perform({ kind: "end-slot", slot: deployment.slot, deploymentId: occupant.deploymentId });
}

function watchHealth(deployment: Deployment, seen: Observation, now: number): Action {
  const { found, target, timings } = seen;
  const place = `${deployment.environment}, slot ${deployment.slot}`;
  const failed = (message: string): Action =>
    fail("the new release does not become ready", [problem("DEPLOYMENT_FAILED", { place, message })]);
  const slot = target.slots[deployment.slot];
  const { green } = found;
  const waitedMs = now - enteredAt(deployment);
  if (green.readyInARow >= timings.readyCount) return enter("smoke", `ready ${green.readyInARow} times in a row`);
  const isUnfit = slot === null || waitedMs >= WARM_READY_LIMIT_MS || green.wrongInARow >= timings.readyCount;
  if (deployment.warm !== null && isUnfit) {
    return startAnew(deployment, seen, green.last?.detail ?? "it was ended");
  }
  if (slot !== null && (slot.isCrashLooping || slot.restartCount >= EARLY_END_LIMIT)) {
    return failed(`it ended ${slot.restartCount} times at its start (${slot.lastExit ?? "no reason known"})`);
  }
  if (green.wrongInARow >= timings.readyCount) {
    const told = green.last?.releaseId ?? "none";
    return failed(`it answers as release ${told}, expected ${deployment.releaseId}`);
  }
  if (waitedMs >= timings.startTimeoutMs) {
    return failed(`not ready within ${timings.startTimeoutMs} ms; ${describeStreak(green, timings.readyCount)}`);
  }
  return look("green-ready", green.count === 0 ? 0 : timings.probeEveryMs);
}

/** For a release that still ran, and that is not fit to get the traffic back as it is. */
function startAnew(deployment: Deployment, seen: Observation, why: string): Action {
  return enter(
    startState({ ...deployment, warm: null }, seen),
    `it does not answer any more as it should (${why}), so it is started anew`,
  );
}

function smoke(deployment: Deployment, seen: Observation): Action {
  const { gates, found } = seen;
  const { health, gate } = found;
  const { healthPath } = deployment.service;
  if (health === null) return look("green-health", 0);
  if (health.status !== 200) {
    const place = `${deployment.environment}, slot ${deployment.slot}`;
    const message = `${healthPath}: ${health.detail}`;
    if (deployment.warm !== null) return startAnew(deployment, seen, message);
    return fail("the smoke test failed", [problem("DEPLOYMENT_FAILED", { place, message })]);
  }
  const next = gates?.replay === true ? "replay" : "switching";
  if (gates?.smoke !== true) return enter(next, `${healthPath} answers 200`);
  return gate === null ? perform({ kind: "judge-smoke" }) : obeyGate(gate, next);
}

function replay({ found: { gate } }: Observation): Action {
  return gate === null ? perform({ kind: "judge-replay" }) : obeyGate(gate, "switching");
}

function obeyGate({ gate, verdict, why, problems, isHeld }: GateReport, next: DeploymentStateName): Action {
  if (verdict === "pass") return enter(next, why);
  if (verdict === "fail") return fail(`the ${gate} gate failed: ${why}`, problems);
  if (!isHeld) return enter(next, `no verdict of the ${gate} gate: ${why}`);
  const message = `the ${gate} gate came to no verdict: ${why}`;
  return fail(message, [problem("GATE_INCONCLUSIVE", { place: `${gate} gate`, message: why })]);
}

function switchOver(deployment: Deployment, seen: Observation): Action {
  const live = seen.target.route.live?.deploymentId ?? null;
  const green = greenOf(deployment);
  if (live === green.deploymentId) return enter("baking", `${green.releaseId} has the traffic`);
  if (deployment.interruption !== null) return enter("aborting", deployment.interruption.why);
  if (live !== (deployment.blue?.deploymentId ?? null)) {
    return fail("the traffic went elsewhere meanwhile", [
      problem("ENVIRONMENT_BUSY", { place: deployment.environment, message: `${live ?? "nothing"} is live now` }),
    ]);
  }
  const { failedAttemptCount, lastProblems } = seen.found;
  if (failedAttemptCount >= SWITCH_ATTEMPT_LIMIT) return fail("the route can't be switched", lastProblems);
  return perform({ kind: "switch-to-green" });
}

/** Undoes what this deployment began. Where nothing was live before, nothing is left running. */
function abort(deployment: Deployment, seen: Observation, now: number): Action {
  const { target, found } = seen;
  const why = deployment.failure?.why ?? deployment.interruption?.why ?? "nothing was changed";
  if (seen.lease !== "held") return enter("aborted", why);
  if (target.route.live?.deploymentId === greenOf(deployment).deploymentId) {
    return deployment.warm === null ? enter("rolling-back", why) : enter("baking", "it has the traffic again");
  }
  if (found.failedAttemptCount >= CLEANUP_ATTEMPT_LIMIT) {
    const failure: Failure = { kind: "failed", why: "what was begun can't be undone", problems: found.lastProblems };
    return enter("needs-human", failure.why, failure);
  }
  const green = target.slots[deployment.slot];
  if (green?.deploymentId === deployment.id) {
    return perform({ kind: "end-slot", slot: deployment.slot, deploymentId: deployment.id });
  }
  const back = bringBlueBack(deployment, seen, now);
  if (back !== null) return back;
  const { warm } = deployment;
  const kept = warm === null ? null : target.slots[warm.slot];
  if (warm !== null && kept?.deploymentId === warm.deploymentId && kept.warmUntil === null) {
    const until = now + seen.timings.warmMs;
    return perform({ kind: "keep-slot", slot: warm.slot, deploymentId: warm.deploymentId, until });
  }
  const isAnythingRunning = target.keeper !== null || target.router !== null;
  if (target.route.live === null && deployment.blue === null && isAnythingRunning) {
    return perform({ kind: "stop-target" });
  }
  return found.isPruned ? enter("aborted", why) : perform({ kind: "prune" });
}

function outOfTries(deployment: Deployment, { found }: Observation): Action {
  const why = `the environment does not become what it was told to be (${stateOf(deployment)})`;
  const problems =
    found.lastProblems.length > 0
      ? found.lastProblems
      : [problem("DEPLOYMENT_FAILED", { place: deployment.environment, message: why })];
  const isUndoable = UNDOABLE.has(stateOf(deployment));
  return enter(isUndoable ? "aborting" : "needs-human", why, { kind: "failed", why, problems });
}

function fail(why: string, problems: readonly Problem[]): Action {
  return enter("aborting", why, { kind: "failed", why, problems });
}

/** How long a controller waits after an effect that failed. */
export function retryDelayMs(failedAttemptCount: number): number {
  return RETRY_MS * Math.min(failedAttemptCount, 5);
}
