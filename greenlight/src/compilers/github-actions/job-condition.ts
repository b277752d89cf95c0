import { unreachable } from "../../base/unreachable.ts";
import type { Condition } from "../../pipeline/definition.ts";
import { and, equals, isOneOf, not, or, quoted, term, type Expression } from "./expression.ts";

/** The branch of a run as Greenlight understands it: that of a pull request is the one it comes from. */
const BRANCH = "(github.head_ref || github.ref_name)";

const EVENT_NAMES = { push: "push", "pull-request": "pull_request", schedule: "schedule" } as const;

/**
 * A condition as a job's `if`: true whenever the condition holds, and perhaps more often, because GitHub compares text
 * without regard to case and knows no patterns; Greenlight decides once more inside the job. Null: always.
 */
export function atLeast(condition: Condition): Expression | null {
  switch (condition.kind) {
    case "branch":
      return anyOf(condition.patterns.map(branchMatches));
    case "event":
    case "not":
      return exactly(condition);
    case "all": {
      const parts = condition.conditions.map(atLeast).filter((part) => part !== null);
      return parts.length === 0 ? null : and(parts);
    }
    case "any":
      return anyOf(condition.conditions.map(atLeast));
    default:
      return unreachable(condition);
  }
}

/** At least one of several; null as soon as one of them is. */
export function anyOf(parts: readonly (Expression | null)[]): Expression | null {
  const known = parts.filter((part) => part !== null);
  return known.length < parts.length ? null : or(known);
}

/** What a run must be to deploy to one of the environments whose branches these are. */
export function deploysFrom(branches: readonly string[]): Expression {
  return and([term("github.event_name != 'pull_request'"), isOneOf("github.ref_name", branches)]);
}

/** Neither more nor less than the condition; null when GitHub can't say it. */
function exactly(condition: Condition): Expression | null {
  switch (condition.kind) {
    case "branch":
      return null;
    case "event":
      return or(condition.events.map(isEvent));
    case "not": {
      const inner = exactly(condition.condition);
      return inner === null ? null : not(inner);
    }
    case "all":
    case "any": {
      const parts = condition.conditions.map(exactly);
      const known = parts.filter((part) => part !== null);
      if (known.length < parts.length) return null;
      return condition.kind === "all" ? and(known) : or(known);
    }
    default:
      return unreachable(condition);
  }
}

/** Whatever GitHub calls neither push nor pull request nor schedule, a person or a program has started. */
function isEvent(event: "manual" | keyof typeof EVENT_NAMES): Expression {
  if (event === "manual") return not(isOneOf("github.event_name", Object.values(EVENT_NAMES)));
  return equals("github.event_name", EVENT_NAMES[event]);
}

function branchMatches(pattern: string): Expression | null {
  if (!pattern.includes("*")) return equals(BRANCH, pattern);
  const prefix = /^([^*]+)\*{1,2}$/u.exec(pattern)?.[1];
  return prefix === undefined ? null : term(`startsWith(${BRANCH}, ${quoted(prefix)})`);
}
