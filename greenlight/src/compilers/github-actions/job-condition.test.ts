import fc from "fast-check";
import { expect, test } from "vitest";

import { holds } from "../../pipeline/decide-condition.ts";
import type { Condition } from "../../pipeline/definition.ts";
import type { RunTrigger } from "../../pipeline/plan.ts";
import { atLeast } from "./job-condition.ts";
import { anyCondition } from "./testing/any-project.ts";
import { evaluate, isTruthy } from "./testing/evaluate.ts";

const BRANCHES = ["main", "MAIN", "develop", "release/1.0", "release/1.0/x", "it's", "c++", "x"];

const anyTrigger = fc.record({
  kind: fc.constantFrom("manual" as const, "push" as const, "pull-request" as const, "schedule" as const),
  branch: fc.constantFrom(...BRANCHES),
});

/** What GitHub says of a run that Greenlight calls so. */
function githubOf(trigger: Pick<RunTrigger, "kind" | "branch">): Record<string, string> {
  const isPull = trigger.kind === "pull-request";
  return {
    event_name: { manual: "workflow_dispatch", push: "push", "pull-request": "pull_request", schedule: "schedule" }[
      trigger.kind
    ],
    ref_name: isPull ? "12/merge" : (trigger.branch ?? ""),
    head_ref: isPull ? (trigger.branch ?? "") : "",
  };
}

function events(...kinds: ("push" | "manual" | "pull-request")[]): Condition {
  return { kind: "event", events: kinds };
}

test("a job is never skipped for a condition that holds", () => {
  let said = 0;
  fc.assert(
    fc.property(anyCondition, anyTrigger, (condition, trigger) => {
      const expression = atLeast(condition);
      if (expression === null) return;
      said += 1;
      const full: RunTrigger = { ...trigger, commit: null, isDirty: false, who: "kim" };
      if (!holds(condition, full)) return;
      expect(isTruthy(evaluate(expression.text, { values: { github: githubOf(trigger) } }))).toBe(true);
    }),
    { numRuns: 2000 },
  );
  expect(said).toBeGreaterThan(500);
});

test("what GitHub can say exactly is said exactly", () => {
  const condition = {
    kind: "any" as const,
    conditions: [{ kind: "not" as const, condition: events("pull-request", "manual") }, events("manual")],
  };
  fc.assert(
    fc.property(anyTrigger, (trigger) => {
      const full: RunTrigger = { ...trigger, commit: null, isDirty: false, who: "kim" };
      const said = evaluate(atLeast(condition)?.text ?? "", { values: { github: githubOf(trigger) } });
      expect(isTruthy(said)).toBe(holds(condition, full));
    }),
  );
});

test("a branch that is no pattern keeps the job of another branch from starting", () => {
  const expression = atLeast({ kind: "branch", patterns: ["main", "release/**"] })?.text ?? "";
  const starts = (branch: string): unknown =>
    evaluate(expression, { values: { github: githubOf({ kind: "push", branch }) } });
  expect([starts("main"), starts("release/1"), starts("develop")]).toEqual([true, true, false]);
});
