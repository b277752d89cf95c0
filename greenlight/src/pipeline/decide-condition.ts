import { unreachable } from "../base/unreachable.ts";
import { matchesBranch } from "./branch-pattern.ts";
import type { Condition } from "./definition.ts";
import type { RunTrigger } from "./plan.ts";

/** Whether a condition holds for what started a run. A run without a branch is on none. */
export function holds(condition: Condition, trigger: RunTrigger): boolean {
  switch (condition.kind) {
    case "branch": {
      const { branch } = trigger;
      return branch !== null && condition.patterns.some((pattern) => matchesBranch(pattern, branch));
    }
    case "event":
      return condition.events.includes(trigger.kind);
    case "not":
      return !holds(condition.condition, trigger);
    case "all":
      return condition.conditions.every((each) => holds(each, trigger));
    case "any":
      return condition.conditions.some((each) => holds(each, trigger));
    default:
      return unreachable(condition);
  }
}

/** Why a condition that does not hold does not: `runs only on branch main`. */
export function whyNot(condition: Condition, trigger: RunTrigger): string {
  if (condition.kind === "not") return `does not run ${describe(condition.condition)}`;
  if (condition.kind === "all") {
    const failing = condition.conditions.find((each) => !holds(each, trigger));
    if (failing !== undefined) return whyNot(failing, trigger);
  }
  return `runs only ${describe(condition)}`;
}

const EVENTS = {
  manual: "a start by hand",
  push: "a push",
  "pull-request": "a pull request",
  schedule: "a schedule",
} as const;

function describe(condition: Condition): string {
  switch (condition.kind) {
    case "branch":
      return `on branch ${condition.patterns.join(" or ")}`;
    case "event":
      return `on ${condition.events.map((event) => EVENTS[event]).join(" or ")}`;
    case "not":
      return `not ${describePart(condition.condition)}`;
    case "all":
      return condition.conditions.map(describePart).join(" and ");
    case "any":
      return condition.conditions.map(describePart).join(" or ");
    default:
      return unreachable(condition);
  }
}

function describePart(condition: Condition): string {
  const isJoined = condition.kind === "all" || condition.kind === "any";
  return isJoined && condition.conditions.length > 1 ? `(${describe(condition)})` : describe(condition);
}
