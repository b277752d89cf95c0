import type { Condition } from "./definition.ts";

type EventKind = Extract<Condition, { kind: "event" }>["events"][number];

/** Holds on these branches; `*` stands for any text without a slash, `**` for any text. */
export function onBranch(...patterns: readonly string[]): Condition {
  return { kind: "branch", patterns };
}

/** Holds for runs that one of these started. */
export function onEvent(...events: readonly EventKind[]): Condition {
  return { kind: "event", events };
}

export function not(condition: Condition): Condition {
  return { kind: "not", condition };
}

export function allOf(...conditions: readonly Condition[]): Condition {
  return { kind: "all", conditions };
}

export function anyOf(...conditions: readonly Condition[]): Condition {
  return { kind: "any", conditions };
}
