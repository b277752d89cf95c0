import { unreachable } from "../base/unreachable.ts";
import type { Look } from "./action.ts";
import { greenOf, type Deployment } from "./deployment.ts";
import { trafficOf } from "./gates/traffic-of.ts";
import { sumOf, trafficFault, watchTraffic } from "./gates/watch-traffic.ts";
import type { BakingFigures } from "./judge-baking.ts";
import { extendStreak, type Findings } from "./observation.ts";
import type { Target, TargetState } from "./target.ts";

/** Looks at one thing on behalf of `decide`; changes nothing. */
export async function lookAround(
  look: Look,
  at: {
    readonly target: Target;
    readonly deployment: Deployment;
    readonly found: Findings;
    readonly state: TargetState;
  },
): Promise<Partial<Findings>> {
  const { target, deployment, found, state } = at;
  const { readyPath, healthPath } = deployment.service;
  switch (look) {
    case "target":
      // The controller looks at the target before each decision anyway.
      return { leaseHeldBy: null };
    case "green-ready":
      return {
        green: extendStreak(found.green, await target.probe(deployment.slot, readyPath), deployment.releaseId),
      };
    case "green-health":
      return { health: await target.probe(deployment.slot, healthPath) };
    case "blue-ready": {
      const { blue } = deployment;
      if (blue === null) return {};
      return { blue: extendStreak(found.blue, await target.probe(blue.slot, readyPath), blue.releaseId) };
    }
    case "production":
      return { baking: await probeProduction(target, deployment, { before: found.baking, state }) };
    default:
      return unreachable(look);
  }
}

async function probeProduction(
  target: Target,
  deployment: Deployment,
  { before, state }: { readonly before: BakingFigures; readonly state: TargetState },
): Promise<BakingFigures> {
  const answer = await target.probe("production", deployment.service.readyPath);
  const isGood = answer.status === 200 && answer.releaseId === deployment.releaseId;
  const watched = watchTraffic(before.watched, trafficOf(state, greenOf(deployment).deploymentId));
  const goodProbeCount = before.probeCount - before.failedProbeCount;
  // Green may have needed a second start before it was ready; what counts is what happens from now on.
  const restartCount = state.slots[deployment.slot]?.restartCount ?? 0;
  const restartCountBefore = before.restartCountBefore ?? restartCount;
  return {
    probeCount: before.probeCount + 1,
    failedProbeCount: before.failedProbeCount + (isGood ? 0 : 1),
    failedInARow: isGood ? 0 : before.failedInARow + 1,
    ...sumOf(watched),
    trafficFault: trafficFault(watched, goodProbeCount),
    watched,
    restartCountBefore,
    restartCount: restartCount - restartCountBefore,
  };
}
