import type { Failure } from "./deployment.ts";
import type { DeploymentStateName } from "./environment.ts";
import type { GateFinding } from "./gates/gate.ts";
import type { SlotName } from "./target.ts";

/** What a controller does next. */
export type Action =
  | {
      readonly kind: "enter";
      readonly state: DeploymentStateName;
      readonly why: string;
      readonly failure: Failure | null;
      /** The last word on baking. */
      readonly baking?: GateFinding;
    }
  /** Changes something; the intent is written down before. */
  | { readonly kind: "do"; readonly effect: DeployEffect }
  /** Waits `waitMs`, then looks at something; changes nothing. */
  | { readonly kind: "look"; readonly at: Look; readonly waitMs: number }
  /** Nothing more to do for this controller. */
  | { readonly kind: "end" };

export type EnterAction = Extract<Action, { readonly kind: "enter" }>;

export type Look = "target" | "green-ready" | "green-health" | "blue-ready" | "production";

export type DeployEffect =
  | { readonly kind: "take-lease" }
  /** Brings what other controllers left unfinished to a safe end, then sees whether anything is left to do. */
  | { readonly kind: "heal" }
  | { readonly kind: "check-preflight" }
  | { readonly kind: "ask-approval" }
  | { readonly kind: "start-target" }
  | { readonly kind: "install" }
  | { readonly kind: "start-green" }
  /** `deploymentId`: who is in the slot now. */
  | { readonly kind: "end-slot"; readonly slot: SlotName; readonly deploymentId: string }
  | { readonly kind: "judge-smoke" }
  | { readonly kind: "judge-replay" }
  /** `until`: milliseconds since the epoch; null: until somebody ends it. */
  | {
      readonly kind: "keep-slot";
      readonly slot: SlotName;
      readonly deploymentId: string;
      readonly until: number | null;
    }
  /** `until`: milliseconds since the epoch, until when requests wait; null: they wait no more. */
  | { readonly kind: "hold-route"; readonly until: number | null }
  /** Stops what is in a slot, which keeps it; `isParked` false: starts it again. */
  | { readonly kind: "park-slot"; readonly slot: SlotName; readonly deploymentId: string; readonly isParked: boolean }
  | { readonly kind: "switch-to-green" }
  | { readonly kind: "switch-to-blue" }
  | { readonly kind: "close-upstream"; readonly deploymentId: string }
  | { readonly kind: "prune" }
  | { readonly kind: "stop-target" };

export function enter(state: DeploymentStateName, why: string, failure: Failure | null = null): EnterAction {
  return { kind: "enter", state, why, failure };
}

export function perform(effect: DeployEffect): Action {
  return { kind: "do", effect };
}

export function look(at: Look, waitMs: number): Action {
  return { kind: "look", at, waitMs };
}
