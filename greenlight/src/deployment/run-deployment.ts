import type { Problem } from "../base/problem.ts";
import type { Action, DeployEffect } from "./action.ts";
import type { Controller } from "./controller.ts";
import { decide, retryDelayMs } from "./decide.ts";
import { enterState, intendStep, isFinished, observeStep, stateOf, type Deployment } from "./deployment.ts";
import { addReport } from "./gates/gate-record.ts";
import type { SwitchGate } from "./gates/gate.ts";
import { trafficOf } from "./gates/traffic-of.ts";
import { lookAround } from "./look-around.ts";
import { nothingFound, type Findings } from "./observation.ts";
import { performEffect } from "./perform-effect.ts";
import { mustBeRecordedFirst } from "./record-durability.ts";
import type { DeploymentTimings, LiveRelease, TargetState } from "./target.ts";
import { tellLog } from "./tell-log.ts";

export interface DeploymentRun {
  readonly deployment: Deployment;
  /** What kept the record from being written, when it could not be. */
  readonly unwritten: readonly Problem[];
  /** True: another controller took over, and what it wrote counts. */
  readonly isTakenOver: boolean;
  /** True: there was nothing to deploy; the deployment was not recorded. */
  readonly isAlready: boolean;
}

/**
 * Moves a deployment on until it is finished, waits for a person, or belongs to another controller: looks, decides, writes
 * down the intent, acts, writes down what came of it. Ends soon after the request's signal is aborted, having undone or
 * finished what was begun.
 */
export async function runDeployment(controller: Controller, begun: Deployment): Promise<DeploymentRun> {
  const { target, clock, request } = controller;
  let deployment = begun;
  let found = nothingFound(clock.now());
  let unwritten: readonly Problem[] = [];

  for (;;) {
    deployment = interruptWhenAborted(deployment, controller);
    const state = await target.observe();
    const lease = controller.lease === null ? "none" : controller.lease.isLost() ? "lost" : "held";
    const needsApproval = request !== null && request.approval !== null;
    const gates = { smoke: has(request?.gates?.smoke), replay: has(request?.gates?.replay) };
    const seen = { timings: timingsOf(controller), target: state, lease, needsApproval, gates, found } as const;
    const action = decide(deployment, seen, clock.now());
    controller.onAction?.(action, deployment);
    switch (action.kind) {
      case "end": {
        const isAlready = stateOf(deployment) === "locked";
        return { deployment, unwritten, isTakenOver: lease === "lost" || found.isOvertaken, isAlready };
      }
      case "enter":
        deployment = enterNext(deployment, await tellLog(action, controller, deployment), { controller, state, found });
        found = nothingFound(clock.now());
        await write();
        break;
      case "look":
        await pause(action.waitMs);
        found = { ...found, ...(await lookAround(action.at, { target, deployment, found, state })) };
        break;
      case "do":
        await act(action.effect);
        break;
    }
  }

  async function act(effect: DeployEffect): Promise<void> {
    deployment = intendStep(deployment, effect.kind, clock.now());
    await write();
    // Somebody else may have come while it was written; the target would refuse most of it, but need not be asked.
    if (controller.lease?.isLost() === true) return;
    const isBlocked = unwritten.length > 0 && mustBeRecordedFirst(effect);
    const performed = isBlocked
      ? { problems: unwritten, found: {} }
      : await performEffect(effect, { controller, deployment });
    deployment = observeStep(deployment, performed.problems, clock.now());
    for (const each of performed.problems) controller.log(`${effect.kind}: ${each.place}: ${each.message}`);
    const hasFailed = performed.problems.length > 0;
    const failedAttemptCount = hasFailed ? found.failedAttemptCount + 1 : 0;
    const effectCount = found.effectCount + 1;
    found = { ...found, ...performed.found, effectCount, failedAttemptCount, lastProblems: performed.problems };
    if (hasFailed) await pause(retryDelayMs(failedAttemptCount));
  }

  /** A deployment is recorded from the moment it may change something. */
  async function write(): Promise<void> {
    const state = stateOf(deployment);
    if (state === "queued" || state === "locked") return;
    deployment = { ...deployment, epoch: controller.lease?.epoch ?? deployment.epoch };
    unwritten = await target.writeDeployment(deployment);
    for (const each of unwritten) controller.log(`record: ${each.place}: ${each.message}`);
  }

  /** An abort ends the wait, but not the waits of what is done about it. */
  async function pause(ms: number): Promise<void> {
    const signal = deployment.interruption === null ? request?.signal : undefined;
    if (ms > 0 && signal?.aborted !== true) await clock.sleep(ms, signal).catch(() => {});
  }
}

function timingsOf({ target, request }: Controller): DeploymentTimings {
  const { timings } = target;
  return { ...timings, readyCount: request?.gates?.readyCount ?? timings.readyCount };
}

function has(gate: SwitchGate | null | undefined): boolean {
  return gate !== null && gate !== undefined;
}

function interruptWhenAborted(deployment: Deployment, { request }: Controller): Deployment {
  if (request?.signal.aborted !== true || deployment.interruption !== null || isFinished(deployment)) return deployment;
  return { ...deployment, interruption: { kind: "cancelled", why: `cancelled by ${request.who}` } };
}

function enterNext(
  deployment: Deployment,
  action: Extract<Action, { kind: "enter" }>,
  at: { readonly controller: Controller; readonly state: TargetState; readonly found: Findings },
): Deployment {
  const { controller, state, found } = at;
  const now = controller.clock.now();
  let next = deployment;
  if (action.state === "preflight") {
    next = placeBesideBlue(continueWaiting(deployment, found.continued), state, controller.lease?.epoch ?? 0);
  }
  // It came too late for what still ran, and starts it anew.
  if (action.state === "starting-green") next = { ...next, warm: null };
  if (action.state === "stopping-blue") next = { ...next, warm: null, swap: "hold" };
  if (action.state === "awaiting-approval") {
    const expiresAfterMs = controller.request?.approval?.expiresAfterMs ?? null;
    next = { ...next, approvalWait: next.approvalWait ?? { at: new Date(now).toISOString(), expiresAfterMs } };
  }
  if (found.approval?.kind === "answered" && found.approval.answer.answer === "granted") {
    const { by, why, how, at: grantedAt } = found.approval.answer;
    next = { ...next, approval: { by, why, how, at: grantedAt } };
  }
  next = keepGates(next, action, { state, found, now });
  next = enterState(next, action, now);
  const transition = next.transitions.at(-1);
  if (transition !== undefined) controller.request?.onTransition(transition);
  return next;
}

/** What the gates found out, and blue's figures from just before the switch, to judge green's against. */
function keepGates(
  deployment: Deployment,
  action: Extract<Action, { kind: "enter" }>,
  at: { readonly state: TargetState; readonly found: Findings; readonly now: number },
): Deployment {
  let { gates } = deployment;
  if (at.found.gate !== null) gates = addReport(gates, at.found.gate);
  if (action.state === "switching" && deployment.blue !== null) {
    gates = { ...gates, before: trafficOf(at.state, deployment.blue.deploymentId) };
  }
  if (action.baking !== undefined) {
    const { whenInconclusive } = gates.baking;
    const isHeld = action.baking.verdict === "inconclusive" && whenInconclusive === "hold";
    gates = addReport(gates, { ...action.baking, gate: "baking", at: new Date(at.now).toISOString(), isHeld });
  }
  return { ...deployment, gates };
}

/** One that was left waiting is not made anew: it keeps its id, and the time since when it waits. */
function continueWaiting(deployment: Deployment, waiting: Deployment | null): Deployment {
  if (waiting === null) return deployment;
  const { id, approvalWait, transitions, steps } = waiting;
  const own = { transitions: [...transitions, ...deployment.transitions], steps: [...steps, ...deployment.steps] };
  return { ...deployment, id, approvalWait, ...own };
}

/** From here on it is settled what is blue and where green goes. */
function placeBesideBlue(deployment: Deployment, state: TargetState, epoch: number): Deployment {
  const blue = state.route.live;
  const slot = blue?.slot === "blue" ? "green" : "blue";
  const warm = deployment.kind === "rollback" ? findWarm(state, { slot, digest: deployment.digest }) : null;
  return { ...deployment, slot, blue, warm, epoch, previousReleaseId: blue?.releaseId ?? null };
}

/** The release in the slot beside the live one, when it is the wanted one. */
function findWarm({ slots }: TargetState, wanted: Pick<LiveRelease, "slot" | "digest">): LiveRelease | null {
  const running = slots[wanted.slot];
  if (running?.digest !== wanted.digest || running.isCrashLooping) return null;
  const { deploymentId, releaseId, digest } = running;
  return { deploymentId, releaseId, digest, slot: wanted.slot };
}
