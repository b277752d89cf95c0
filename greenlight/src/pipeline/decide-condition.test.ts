import { expect, test } from "vitest";

import { allOf, anyOf, not, onBranch, onEvent } from "./conditions.ts";
import { holds, whyNot } from "./decide-condition.ts";
import type { RunTrigger } from "./plan.ts";

function trigger(kind: RunTrigger["kind"], branch: string | null): RunTrigger {
  return { kind, branch, commit: null, isDirty: false, who: "kim" };
}

test("a condition is about the branch and about what started the run", () => {
  expect(holds(onBranch("main", "release/*"), trigger("push", "release/2"))).toBe(true);
  expect(holds(onBranch("main"), trigger("push", "develop"))).toBe(false);
  expect(holds(onEvent("schedule", "manual"), trigger("manual", "main"))).toBe(true);
  expect(holds(onEvent("push"), trigger("pull-request", "main"))).toBe(false);
});

test("a run without a branch is on none, not even on **", () => {
  expect(holds(onBranch("**"), trigger("manual", null))).toBe(false);
  expect(holds(not(onBranch("main")), trigger("manual", null))).toBe(true);
});

test("conditions join", () => {
  const nightly = allOf(onBranch("main"), onEvent("schedule"));
  expect(holds(nightly, trigger("schedule", "main"))).toBe(true);
  expect(holds(nightly, trigger("push", "main"))).toBe(false);
  expect(holds(anyOf(nightly, onBranch("hotfix/**")), trigger("push", "hotfix/a/b"))).toBe(true);
  expect(holds(anyOf(nightly, onBranch("hotfix/**")), trigger("push", "main"))).toBe(false);
});

test("why not is told in plain words, and of several claims the one that fails", () => {
  const push = trigger("push", "develop");
  expect(whyNot(onBranch("main"), push)).toBe("runs only on branch main");
  expect(whyNot(onEvent("schedule", "pull-request"), push)).toBe("runs only on a schedule or a pull request");
  expect(whyNot(not(onBranch("develop")), push)).toBe("does not run on branch develop");
  expect(whyNot(allOf(onEvent("push"), onBranch("main")), push)).toBe("runs only on branch main");
  expect(whyNot(allOf(onEvent("push"), not(anyOf(onBranch("develop"), onBranch("dev/*")))), push)).toBe(
    "does not run on branch develop or on branch dev/*",
  );
  expect(whyNot(anyOf(onBranch("main"), allOf(onEvent("schedule"), not(onBranch("develop")))), push)).toBe(
    "runs only on branch main or (on a schedule and not on branch develop)",
  );
});
