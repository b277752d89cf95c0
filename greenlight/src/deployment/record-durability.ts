import type { DeployEffect } from "./action.ts";
import { stateOf, type Deployment } from "./deployment.ts";
import type { DeploymentStateName } from "./environment.ts";

/** Without these on disk beforehand, nobody could bring the deployment to an end after a crash. */
const RECORDED_FIRST: ReadonlySet<string> = new Set<DeployEffect["kind"]>([
  "install",
  "start-target",
  "start-green",
  "switch-to-green",
  "hold-route",
  "park-slot",
]);

/** Whether an effect may only begin when its intent is on disk. What brings an old release back must not wait for a disk. */
export function mustBeRecordedFirst(effect: DeployEffect): boolean {
  if (effect.kind === "hold-route" && effect.until === null) return false;
  if (effect.kind === "park-slot" && !effect.isParked) return false;
  return RECORDED_FIRST.has(effect.kind);
}

/** On the way to the switch nothing is decided yet that whoever comes next would not find out anew. */
const BEFORE_SWITCH: ReadonlySet<DeploymentStateName> = new Set([
  "preflight",
  "stopping-blue",
  "starting-green",
  "health",
  "smoke",
  "replay",
  "switching",
]);

/**
 * Whether a record must outlive a power cut: the intent of what has to be recorded first, and all that follows the switch or ends
 * the deployment, as a release that was found wanting must not get a second trial. What lies before can be seen from the world and
 * the record on disk; a controller that is killed loses none of it in either case.
 */
export function mustSurvivePowerCut(deployment: Deployment): boolean {
  if (!BEFORE_SWITCH.has(stateOf(deployment))) return true;
  const last = deployment.steps.at(-1);
  return last !== undefined && last.observedAt === null && RECORDED_FIRST.has(last.effect);
}

/** Whether `left` was written after `right`, of one deployment: what is recorded of it only grows. */
export function isLater(left: Deployment, right: Deployment): boolean {
  const [leftKey, rightKey] = [keyOf(left), keyOf(right)];
  const index = leftKey.findIndex((each, at) => each !== rightKey[at]);
  return index !== -1 && (leftKey[index] ?? 0) > (rightKey[index] ?? 0);
}

/** Steps are bounded in number: their last one's times count where their number no longer grows. */
function keyOf({ epoch, transitions, steps }: Deployment): readonly number[] {
  const last = steps.at(-1);
  const times = [last?.intendedAt, last?.observedAt].map((at) => Date.parse(at ?? "") || 0);
  return [epoch, transitions.length, steps.length, ...times];
}
