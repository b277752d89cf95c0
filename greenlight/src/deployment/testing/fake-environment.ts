import { isFinished, stateOf } from "../deployment.ts";
import type { DeployOutcome, Environment } from "../environment.ts";
import { openEnvironment } from "../open-environment.ts";
import type { Behaviour } from "./fake-behaviour.ts";
import type { FakeWorld } from "./fake-world.ts";
import { requestFor } from "./requests.ts";
import { recordsOf } from "./world-rules.ts";

/** The environment of a fake world, as the named controller opens it. `onStep` is called before and after each of its steps. */
export function fakeEnvironment(
  world: FakeWorld,
  controller = "one",
  onStep?: Parameters<FakeWorld["target"]>[1],
): Environment {
  const target = world.target(controller, onStep);
  return openEnvironment({ name: "fake", folder: "/fake", target, clock: world.clock });
}

/** From now on the release of that label behaves so, wherever it runs. */
export function misbehave(world: FakeWorld, label: string, behaviour: Behaviour): void {
  world.behaviours.set(requestFor(label).releaseId, behaviour);
}

/** Of a release made by `requestFor`. */
export function labelOf(releaseId: string | undefined): string | null {
  return releaseId?.split("-")[0] ?? null;
}

/** The release that has the traffic. */
export function liveLabel(world: FakeWorld): string | null {
  return labelOf(world.route.live?.releaseId);
}

/** Everything that runs, blue before green. */
export function slotLabels(world: FakeWorld): string[] {
  return labelsOf(world, () => true);
}

/** What runs and is not merely kept for a rollback: one release, or a slot was forgotten. */
export function runningLabels(world: FakeWorld): string[] {
  return labelsOf(world, (warmUntil) => warmUntil === null);
}

/** What is kept running for a rollback. */
export function warmLabels(world: FakeWorld): string[] {
  return labelsOf(world, (warmUntil) => warmUntil !== null);
}

function labelsOf(world: FakeWorld, isWanted: (warmUntil: number | null) => boolean): string[] {
  return Object.values(world.slots).flatMap((slot) =>
    slot !== null && isWanted(slot.warmUntil) ? (labelOf(slot.releaseId) ?? []) : [],
  );
}

/** The states that a deployment went through. */
export function statesOf({ deployment }: DeployOutcome): string[] {
  return deployment.transitions.map(({ state }) => state);
}

/** Rules that were broken, and the states of deployments that have not come to an end. */
export function brokenOrOpen(world: FakeWorld): string[] {
  const open = recordsOf(world).filter((record) => !isFinished(record));
  return [...world.brokenRules, ...open.map(stateOf)];
}
