import { describe, expect, test } from "vitest";

import { defineProject, effectStep, pipeline, step } from "./define.ts";
import type { EnvironmentDefinition } from "./definition.ts";
import { makeBlueprint } from "./make-blueprint.ts";
import { makePlan } from "./make-plan.ts";
import type { Plan, RunTrigger } from "./plan.ts";

function environment(branches: string[], isLocal = true): EnvironmentDefinition {
  return { target: { kind: "t", module: "m", isLocal, options: {} }, branches };
}

const release = step("release", { run: "x" });
const staging = effectStep("deploy staging", { module: "m", export: "d", environment: "staging", needs: { release } });
const smoke = effectStep("smoke staging", {
  module: "m",
  export: "s",
  environment: "staging",
  needs: { deployment: staging },
});
const production = effectStep("deploy production", {
  module: "m",
  export: "d",
  environment: "production",
  needs: { release, smoke },
});
const health = effectStep("health", { module: "m", export: "h", needs: { staging, production } });
const project = defineProject({
  name: "shop",
  environments: {
    staging: environment(["develop"]),
    production: environment(["main"]),
    far: environment(["main"], false),
  },
  pipelines: {
    delivery: pipeline({ stages: { build: [release], deploy: [staging, smoke, production], after: [health] } }),
  },
});

function planFor(trigger: Partial<RunTrigger>, selection: "local" | "branch" = "branch"): Plan {
  const made = makeBlueprint(project, "c");
  if (!made.ok) throw new Error(JSON.stringify(made.error));
  const full: RunTrigger = { kind: "push", branch: "main", commit: null, isDirty: false, who: "kim", ...trigger };
  const planned = makePlan(made.value, { pipeline: "delivery", trigger: full, selection });
  if (!planned.ok) throw new Error(JSON.stringify(planned.error));
  return planned.value;
}

function namesOf(plan: Plan): string[] {
  return plan.stages.flatMap((stage) => stage.steps.map((each) => each.name));
}

describe("which environments a run deploys to", () => {
  test("main deploys to production only, and the needs of what fell away take its place", () => {
    const plan = planFor({ branch: "main" });
    expect(namesOf(plan)).toEqual(["release", "deploy production", "health"]);
    expect(plan.stages[1]?.steps[0]?.needs).toEqual({ release: "release" });
    expect(plan.dropped.map((each) => each.step)).toEqual(["deploy staging", "smoke staging"]);
    expect(plan.dropped[0]?.why).toBe("staging takes no runs of branch main");
  });

  test("develop deploys to staging only", () => {
    expect(namesOf(planFor({ branch: "develop" }))).toEqual(["release", "deploy staging", "smoke staging", "health"]);
  });

  test("a pull request, and a branch that no environment takes, deploy nowhere", () => {
    expect(namesOf(planFor({ kind: "pull-request" }))).toEqual(["release"]);
    expect(namesOf(planFor({ branch: "feature" }))).toEqual(["release"]);
    expect(namesOf(planFor({ branch: null }))).toEqual(["release"]);
    expect(planFor({ branch: null }).dropped.at(-1)).toEqual({ step: "health", why: "all that it is about fell away" });
  });

  test("`up` takes all environments of this machine and no other, whatever the branch", () => {
    const plan = planFor({ branch: "feature" }, "local");
    expect(Object.keys(plan.environments)).toEqual(["staging", "production"]);
    expect(namesOf(plan)).toEqual(["release", "deploy staging", "smoke staging", "deploy production", "health"]);
  });
});
