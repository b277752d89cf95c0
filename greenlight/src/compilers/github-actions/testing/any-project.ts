import fc from "fast-check";

import { defineProject, effectStep, pipeline, pullRequest, push, schedule, step } from "../../../pipeline/define.ts";
import type {
  Condition,
  EnvironmentDefinition,
  Matrix,
  ProjectDefinition,
  StepDefinition,
  Trigger,
} from "../../../pipeline/definition.ts";

const NAMES = [
  "build",
  "빌드",
  "it's",
  'say "hi"',
  "a ${{ github.actor }} b",
  "$(id)",
  "--all",
  "../x",
  "ünit tests",
  "🚦",
];
const BRANCHES = ["main", "develop", "release/1.0", "it's", "c++"];
const EVENTS = ["manual", "push", "pull-request", "schedule"] as const;

const matrixValue = fc.oneof(
  fc.integer({ min: 1, max: 30 }),
  fc.boolean(),
  fc.constantFrom("3.10", "on", "linux", "x ${{ matrix }}", "", "1e3", "a: b", "# c", "null"),
);

const entry = fc.dictionary(fc.constantFrom("node", "os", "extra"), matrixValue, { minKeys: 1, maxKeys: 2 });

const matrix: fc.Arbitrary<Partial<Matrix>> = fc.record({
  axes: fc
    .uniqueArray(fc.constantFrom("node", "os", "film_kind"), { minLength: 1, maxLength: 2 })
    .chain((axes) =>
      fc
        .tuple(...axes.map(() => fc.uniqueArray(matrixValue, { minLength: 1, maxLength: 3, selector: String })))
        .map((values) => Object.fromEntries(axes.map((axis, index) => [axis, values[index] ?? []]))),
    ),
  include: fc.array(entry, { maxLength: 2 }),
  failFast: fc.boolean(),
  maxParallel: fc.option(fc.integer({ min: 1, max: 4 })),
});

export const anyCondition: fc.Arbitrary<Condition> = fc.letrec<{ condition: Condition }>((tie) => ({
  condition: fc.oneof(
    { maxDepth: 3, withCrossShrink: true },
    fc.record({
      kind: fc.constant("branch" as const),
      patterns: fc.array(fc.constantFrom(...BRANCHES, "release/*", "**", "*/x"), { minLength: 1, maxLength: 2 }),
    }),
    fc.record({
      kind: fc.constant("event" as const),
      events: fc.uniqueArray(fc.constantFrom(...EVENTS), { minLength: 1, maxLength: 3 }),
    }),
    fc.record({ kind: fc.constant("not" as const), condition: tie("condition") }),
    fc.record({
      kind: fc.constantFrom("all" as const, "any" as const),
      conditions: fc.array(tie("condition"), { minLength: 1, maxLength: 3 }),
    }),
  ),
})).condition;

interface StepSeed {
  readonly name: string;
  readonly stage: number;
  readonly needs: readonly number[];
  readonly matrix: Partial<Matrix> | undefined;
  readonly when: Condition | undefined;
  readonly after: StepDefinition["after"];
  readonly environment: string | undefined;
  readonly secrets: readonly string[];
}

const stepSeed: fc.Arbitrary<StepSeed> = fc.record({
  name: fc.constantFrom(...NAMES),
  stage: fc.nat(3),
  needs: fc.array(fc.nat(30), { maxLength: 3 }),
  matrix: fc.option(matrix, { nil: undefined, freq: 3 }),
  when: fc.option(anyCondition, { nil: undefined, freq: 2 }),
  after: fc.oneof(
    { arbitrary: fc.constant("success" as const), weight: 5 },
    { arbitrary: fc.constantFrom("failure" as const, "always" as const), weight: 1 },
  ),
  environment: fc.option(fc.constantFrom("staging", "production", "far"), { nil: undefined, freq: 3 }),
  secrets: fc.subarray(["TMDB_API_KEY", "AWS_SECRET"]),
});

const trigger: fc.Arbitrary<Trigger> = fc.oneof(
  fc.subarray(BRANCHES).map((branches) => push(...branches)),
  fc.subarray(BRANCHES).map((branches) => pullRequest(...branches)),
  fc.constantFrom("0 0 * * *", "*/15 3 * * 1-5").map(schedule),
);

/** Projects of all shapes; some break a rule of the definition, which `makeBlueprint` then tells. */
export const anyProject: fc.Arbitrary<ProjectDefinition> = fc
  .record({
    seeds: fc.array(stepSeed, { minLength: 1, maxLength: 12 }),
    stageNames: fc.uniqueArray(fc.constantFrom(...NAMES, "deploy", "after"), { minLength: 4, maxLength: 4 }),
    on: fc.array(trigger, { maxLength: 3 }),
    finally: fc.boolean(),
    isLocal: fc.boolean(),
    approvals: fc.subarray(["staging", "production", "far"]),
    busy: fc.option(fc.constantFrom("queue" as const, "cancel-older" as const)),
  })
  .map((seed) => {
    const steps: { readonly stage: number; readonly step: StepDefinition }[] = [];
    for (const [index, each] of [...seed.seeds].toSorted((left, right) => left.stage - right.stage).entries()) {
      const needed = each.needs.flatMap((need) => steps[need % Math.max(1, steps.length)]?.step ?? []);
      const options = {
        needs: Object.fromEntries(needed.map((need) => [need.name, need])),
        ...(each.when === undefined ? {} : { when: each.when }),
        after: each.after,
        secrets: each.secrets,
      };
      const name = `${each.name} ${index}`;
      const made =
        each.environment === undefined
          ? step(name, { run: "true", ...options, ...(each.matrix === undefined ? {} : { matrix: each.matrix }) })
          : effectStep(name, { module: "m", export: "e", environment: each.environment, ...options });
      steps.push({ stage: each.stage, step: made });
    }
    return defineProject({
      name: "shop",
      secrets: {
        TMDB_API_KEY: { from: "environment", variable: "TMDB_API_KEY_DEV" },
        AWS_SECRET: { from: "environment" },
      },
      environments: environments(seed.isLocal, seed.approvals),
      pipelines: {
        delivery: pipeline({
          on: seed.on,
          stages: Object.fromEntries(
            seed.stageNames.map((name, index) => [
              name,
              steps.filter((each) => each.stage === index).map((each) => each.step),
            ]),
          ),
          finally: seed.finally ? [effectStep("report", { module: "m", export: "r" })] : [],
          ...(seed.busy === null
            ? {}
            : { concurrency: { group: "{pipeline} {branch} ${{ x }}", whenBusy: seed.busy } }),
        }),
      },
    });
  });

function environments(isLocal: boolean, approvals: readonly string[]): Record<string, EnvironmentDefinition> {
  const make = (name: string, branches: readonly string[], local: boolean): EnvironmentDefinition => ({
    target: { kind: "t", module: "m", isLocal: local, options: {} },
    branches,
    ...(approvals.includes(name) ? { approval: {} } : {}),
  });
  return {
    staging: make("staging", ["develop"], isLocal),
    production: make("production", ["main", "release/1.0"], isLocal),
    far: make("far", ["it's"], false),
  };
}
