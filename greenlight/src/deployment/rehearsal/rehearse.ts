import type { Clock } from "../../base/clock.ts";
import type { Action } from "../action.ts";
import { stateOf, type Deployment } from "../deployment.ts";
import type { ApprovalPolicy, DeployOutcome, DeployRequest } from "../environment.ts";
import type { DeployGates } from "../gates/gate-record.ts";
import type { GateJudgement } from "../gates/gate.ts";
import type { Target } from "../target.ts";
import { addAction, type Rehearsal, type RehearsedAction } from "./rehearsal.ts";
import { simulateTarget } from "./simulated-target.ts";

type Deploy = (at: {
  readonly target: Target;
  readonly clock: Clock;
  readonly request: DeployRequest;
  onAction(action: Action, deployment: Deployment): void;
}) => Promise<DeployOutcome>;

/**
 * Lets `deploy` run against a simulation of the target, with a clock of its own, and tells what it did. Touches nothing:
 * the real target is looked at, no more. Nobody is asked; a person is taken to agree.
 */
export async function rehearse(
  real: { readonly target: Target; readonly clock: Clock },
  request: DeployRequest,
  deploy: Deploy,
): Promise<Rehearsal> {
  const clock = clockFrom(real.clock.now());
  const actions: RehearsedAction[] = [];
  const outcome = await deploy({
    target: await simulateTarget(real.target, () => clock.now()),
    clock,
    request: {
      ...request,
      approval: request.approval === null ? null : agreeing(request.approval),
      ...(request.gates === undefined ? {} : { gates: passing(request.gates) }),
      onTransition: () => {},
      log: () => {},
    },
    onAction: (action, deployment) => addAction(actions, action, { deployment, state: stateOf(deployment) }),
  });
  const { kind, why, problems } = outcome;
  return { actions, outcome: { kind, why, problems } };
}

function clockFrom(startMs: number): Clock {
  let nowMs = startMs;
  return {
    now: () => nowMs,
    sleep: async (ms, signal) => {
      signal?.throwIfAborted();
      nowMs += ms;
    },
  };
}

function agreeing({ expiresAfterMs }: ApprovalPolicy): ApprovalPolicy {
  return {
    expiresAfterMs,
    ask: async ({ standing, record }) =>
      (await standing()) ?? record({ kind: "granted", by: "a person", why: "in this rehearsal", how: "command" }),
  };
}

function passing(gates: DeployGates): DeployGates {
  const judged: GateJudgement = {
    verdict: "pass",
    why: "not run in a rehearsal",
    problems: [],
    figures: {},
    isHeld: false,
  };
  const gate = { judge: async () => judged };
  return { ...gates, smoke: gates.smoke === null ? null : gate, replay: gates.replay === null ? null : gate };
}
