import { unreachable } from "../../base/unreachable.ts";
import type { Action } from "../action.ts";
import type { Deployment } from "../deployment.ts";
import type { DeployOutcome, DeploymentStateName } from "../environment.ts";

/** What a deployment would do, found out by letting `decide` decide about a simulated target. */
export interface Rehearsal {
  readonly actions: readonly RehearsedAction[];
  /** As it would end, if everything goes well that can't be known beforehand. */
  readonly outcome: Pick<DeployOutcome, "kind" | "why" | "problems">;
}

export interface RehearsedAction {
  readonly deploymentId: string;
  /** Before the action. */
  readonly state: DeploymentStateName;
  readonly kind: Action["kind"];
  /** `enter`: the state; `do`: the effect; `look`: what is looked at. */
  readonly what: string;
  readonly why: string;
  /** How often in a row; looks are repeated. */
  readonly count: number;
}

/** Puts `action` behind the others; a look that repeats the last one only raises its count. */
export function addAction(
  actions: RehearsedAction[],
  action: Action,
  at: { deployment: Deployment; state: DeploymentStateName },
): void {
  const next = rehearsed(action, at);
  const last = actions.at(-1);
  const isRepeated =
    next.kind === "look" && last?.kind === "look" && last.what === next.what && last.state === next.state;
  if (isRepeated) actions[actions.length - 1] = { ...last, count: last.count + 1 };
  else if (action.kind !== "end") actions.push(next);
}

function rehearsed(
  action: Action,
  { deployment, state }: { deployment: Deployment; state: DeploymentStateName },
): RehearsedAction {
  const common = { deploymentId: deployment.id, state, kind: action.kind, count: 1 };
  switch (action.kind) {
    case "enter":
      return { ...common, what: action.state, why: action.why };
    case "do":
      return { ...common, what: action.effect.kind, why: describeEffect(action.effect, deployment) };
    case "look":
      return { ...common, what: action.at, why: "" };
    case "end":
      return { ...common, what: "end", why: "" };
    default:
      return unreachable(action);
  }
}

function describeEffect(effect: Extract<Action, { kind: "do" }>["effect"], deployment: Deployment): string {
  const { releaseId, slot, blue } = deployment;
  switch (effect.kind) {
    case "install":
      return `the files of ${releaseId}`;
    case "start-green":
      return `${releaseId} in slot ${slot}`;
    case "end-slot":
      return `slot ${effect.slot}, deployment ${effect.deploymentId}`;
    case "keep-slot": {
      const until = effect.until === null ? "until somebody ends it" : `until ${new Date(effect.until).toISOString()}`;
      return `slot ${effect.slot} goes on running, ${until}`;
    }
    case "hold-route":
      return effect.until === null ? "requests wait no more" : "requests wait in the router";
    case "park-slot":
      return `slot ${effect.slot} is ${effect.isParked ? "stopped, and kept" : "started again"}`;
    case "switch-to-green":
      return `the route: from ${blue?.releaseId ?? "nothing"} to ${releaseId} in slot ${slot}`;
    case "switch-to-blue":
      return `the route: from ${releaseId} back to ${blue?.releaseId ?? "nothing"}`;
    case "close-upstream":
      return `connections to deployment ${effect.deploymentId}`;
    default:
      return "";
  }
}
