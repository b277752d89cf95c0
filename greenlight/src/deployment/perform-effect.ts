import type { Problem } from "../base/problem.ts";
import { problem } from "../base/problem.ts";
import { unreachable } from "../base/unreachable.ts";
import { releaseDigest } from "../release/release-digest.ts";
import type { DeployEffect } from "./action.ts";
import { awaitApproval } from "./await-approval.ts";
import type { Controller } from "./controller.ts";
import { greenOf, isFinished, stateOf, type Deployment } from "./deployment.ts";
import type { DeployRequest } from "./environment.ts";
import { runGate } from "./gates/run-gate.ts";
import type { Findings } from "./observation.ts";
import type { LiveRelease } from "./target.ts";

export interface Performed {
  readonly problems: readonly Problem[];
  readonly found: Partial<Findings>;
}

const KEPT_RELEASE_COUNT = 3;

/** Does one thing to the world on behalf of `decide`, and says what was found out by it. */
export async function performEffect(
  effect: DeployEffect,
  at: { readonly controller: Controller; readonly deployment: Deployment },
): Promise<Performed> {
  const { controller, deployment } = at;
  const { target, request } = controller;
  const epoch = controller.lease?.epoch ?? 0;
  switch (effect.kind) {
    case "take-lease":
      return takeLease(controller, deployment);
    case "heal": {
      const { problems, continued } = await controller.heal();
      if (problems.length > 0) return done(problems);
      return { problems, found: { isHealed: true, continued, isServing: await controller.isServing(deployment) } };
    }
    case "check-preflight":
      return { problems: [], found: { preflight: await checkRelease(controller, required(request)) } };
    case "ask-approval":
      return awaitApproval(controller, deployment);
    case "start-target":
      return done(await target.start(epoch));
    case "install": {
      await required(request).bringFiles?.();
      const problems = await target.install(required(request), required(request).signal);
      return { problems, found: { isInstalled: problems.length === 0 } };
    }
    case "start-green": {
      const { slot, id: deploymentId } = deployment;
      const { secrets = {} } = required(request);
      return done(await target.startSlot({ epoch, slot, deploymentId, release: required(request), secrets }));
    }
    case "end-slot":
      return done(await target.endSlot({ epoch, slot: effect.slot, deploymentId: effect.deploymentId }));
    case "judge-smoke":
    case "judge-replay": {
      const gate = effect.kind === "judge-smoke" ? "smoke" : "replay";
      const judge = required(request).gates?.[gate];
      if (judge === undefined || judge === null) throw new Error(`the request brings no ${gate} gate`);
      return { problems: [], found: { gate: await runGate(gate, { controller, deployment, judge }) } };
    }
    case "keep-slot": {
      const { slot, deploymentId, until } = effect;
      return done(await target.keepSlot({ epoch, slot, deploymentId, until }));
    }
    case "hold-route":
      return done(await target.holdRoute({ epoch, until: effect.until }));
    case "park-slot": {
      const { slot, deploymentId, isParked } = effect;
      return done(await target.parkSlot({ epoch, slot, deploymentId, isParked }));
    }
    case "switch-to-green":
      return done(await switchRoute(controller, { from: deployment.blue, to: greenOf(deployment) }));
    case "switch-to-blue":
      if (deployment.blue === null) throw new Error("there is no blue to switch to");
      return done(await switchRoute(controller, { from: greenOf(deployment), to: deployment.blue }));
    case "close-upstream": {
      // When the router can't be asked, ending the slot breaks the same connections.
      for (const each of await target.closeUpstream(effect.deploymentId)) controller.log(each.message);
      return { problems: [], found: { isClosed: true } };
    }
    case "prune":
      return { problems: await prune(controller, deployment), found: { isPruned: true } };
    case "stop-target":
      return done((await target.stop(epoch)).problems);
    default:
      return unreachable(effect);
  }
}

function done(problems: readonly Problem[]): Performed {
  return { problems, found: {} };
}

async function takeLease(controller: Controller, deployment: Deployment): Promise<Performed> {
  const { id: deploymentId, who, runId } = deployment;
  // Whoever asks for a rollback does not wait until a release that may be bad has passed.
  const isForced = controller.request?.kind === "rollback";
  const answer = await controller.target.takeLease({ deploymentId, who, runId }, { isForced });
  if (!answer.isTaken) return { problems: [], found: { leaseHeldBy: answer.heldBy } };
  controller.lease = answer.lease;
  return done([]);
}

async function checkRelease({ target, environment }: Controller, request: DeployRequest): Promise<readonly Problem[]> {
  const digest = releaseDigest(request.manifest);
  if (digest !== request.digest) {
    const message = `the manifest has the digest ${digest.slice(0, 12)}, ${request.digest.slice(0, 12)} was asked for`;
    return [problem("RELEASE_INCOMPLETE", { place: environment, message })];
  }
  return target.preflight(request);
}

function switchRoute(
  { target, lease }: Controller,
  change: { readonly from: LiveRelease | null; readonly to: LiveRelease },
): Promise<readonly Problem[]> {
  return target.switchRoute({
    epoch: lease?.epoch ?? 0,
    from: change.from?.deploymentId ?? null,
    to: change.to,
  });
}

/**
 * Keeps the files of what is live and in a slot, of the two releases that were before, so that going back needs no store, and of
 * whatever is under way. Looks anew: a controller that stood still would otherwise remove what another one has just brought.
 */
async function prune({ target, lease }: Controller, deployment: Deployment): Promise<readonly Problem[]> {
  const [state, records] = [await target.observe(), await target.readDeployments()];
  if (lease?.isLost() !== false) return [];
  const served = records.filter((record) => stateOf(record) === "succeeded").map((record) => record.digest);
  const live = [state.route.live?.digest, deployment.blue?.digest].filter((digest) => digest !== undefined);
  const kept = [...new Set([...live, ...served])].slice(0, KEPT_RELEASE_COUNT);
  const inSlots = Object.values(state.slots).flatMap((slot) => slot?.digest ?? []);
  const underWay = records.filter((record) => !isFinished(record) && record.id !== deployment.id);
  return target.prune([...kept, ...inSlots, ...underWay.map((record) => record.digest)]);
}

function required(request: DeployRequest | null): DeployRequest {
  if (request === null) throw new Error("an unfinished deployment is only brought to an end, never carried on");
  return request;
}
