import fc from "fast-check";

import { digestText } from "../../../base/file-digest.ts";
import type { DeploymentStateName } from "../../../deployment/environment.ts";
import type { RetentionPolicy } from "../../../pipeline/retention-definition.ts";
import type { EnvironmentFacts } from "../releases-in-use.ts";
import { deploymentOf, environmentOf, keeperOf, STEPS, type CleanBy, type StateRig } from "./state-rig.ts";

/** What happened in a project, in no order; `runsOf` brings its runs into one. */
export interface History {
  readonly runs: readonly {
    readonly daysAgo: number;
    readonly outcome: "passed" | "failed" | "cancelled" | "waiting" | "interrupted";
    readonly steps: readonly { readonly name: string; readonly input: string; readonly isPassed: boolean }[];
  }[];
  readonly deployments: readonly {
    readonly input: string;
    readonly state: DeploymentStateName;
    readonly run: number;
  }[];
  readonly live: number;
  readonly unsent: readonly number[];
  readonly retention: Required<{
    runs: { keep: number; days: number };
    cache: { days: number };
    releases: { keep: number };
  }>;
  /** A few bytes that nobody refers to. */
  readonly loose: readonly string[];
}

const input = fc.constantFrom("a", "b", "c", "d", "e");
export const history: fc.Arbitrary<History> = fc.record({
  runs: fc.array(
    fc.record({
      daysAgo: fc.integer({ min: 0, max: 60 }),
      outcome: fc.constantFrom(
        "passed" as const,
        "passed" as const,
        "failed" as const,
        "cancelled" as const,
        "waiting" as const,
        "interrupted" as const,
      ),
      // "old" is a step that the definition no longer has.
      steps: fc.array(fc.record({ name: fc.constantFrom(...STEPS, "old"), input, isPassed: fc.boolean() }), {
        maxLength: 4,
      }),
    }),
    { maxLength: 7 },
  ),
  deployments: fc.array(
    fc.record({
      input,
      state: fc.constantFrom<DeploymentStateName>(
        "succeeded",
        "succeeded",
        "aborted",
        "rolled-back",
        "awaiting-approval",
        "baking",
      ),
      run: fc.nat(6),
    }),
    { maxLength: 6 },
  ),
  live: fc.nat(5),
  unsent: fc.array(fc.nat(6), { maxLength: 1 }),
  retention: fc.record({
    runs: fc.record({ keep: fc.integer({ min: 1, max: 4 }), days: fc.integer({ min: 0, max: 40 }) }),
    cache: fc.record({ days: fc.integer({ min: 0, max: 40 }) }),
    releases: fc.record({ keep: fc.integer({ min: 1, max: 3 }) }),
  }),
  loose: fc.array(fc.constantFrom("x", "y ".repeat(9000)), { maxLength: 2 }),
});

export const idOf = (at: number): string => `run${String(at).padStart(13, "0")}`;

/** Oldest first, as they were begun. */
export function runsOf({ runs }: History): readonly (History["runs"][number] & { readonly id: string })[] {
  const sorted = runs.toSorted((a, b) => b.daysAgo - a.daysAgo);
  return sorted.map((run, at) => ({ ...run, id: idOf(at) }));
}

function factsOf({ deployments, live }: History): EnvironmentFacts {
  const records = deployments.map(({ input: of, state, run }, at) => deploymentOf(`d${9 - at}`, of, state, idOf(run)));
  return environmentOf({
    history: records,
    live: records.filter((each) => each.transitions.at(-1)?.state === "succeeded")[live]?.releaseId ?? null,
  });
}

export async function fill(rig: StateRig, made: History): Promise<void> {
  for (const run of runsOf(made)) await rig.addRun(run);
  for (const text of made.loose) {
    const digest = digestText(text);
    rig.write(`store/blobs/${digest.slice(0, 2)}/${digest.slice(2)}`, text);
  }
}

export function cleanBy(made: History): CleanBy & { readonly retention: RetentionPolicy } {
  const { retention } = made;
  const asked = {
    facts: [factsOf(made)],
    environments: [keeperOf(made.deployments.map((each) => each.input))],
    problems: [],
  };
  return { retention, asked, unsent: made.unsent.map(idOf) };
}
