import { problem, type Problem } from "../base/problem.ts";
import { checkOutputs, type Writer } from "./check-outputs.ts";
import { combinationName, type Combination } from "./combinations.ts";
import type { StepDefinition } from "./definition.ts";
import { fillPlaceholders } from "./fill-placeholders.ts";
import { findCycle, sortByNeeds } from "./graph.ts";

export interface LocatedStep {
  readonly step: StepDefinition;
  /** What stands in the stage: other steps may need it by identity, also when `step` had to be mended. */
  readonly entry: unknown;
  /** Of its matrix; empty without one. */
  readonly combinations: readonly Combination[];
  /** Position of its stage; `finally` comes last. */
  readonly stageIndex: number;
  readonly place: string;
}

/**
 * Checks the steps of one pipeline against each other, and orders them so that needs come first. `lost` are entries that
 * are too broken to be steps, and their names: a need on one of them is no problem of its own.
 */
export function checkGraph(
  located: readonly LocatedStep[],
  lost: ReadonlySet<unknown>,
): {
  readonly order: readonly LocatedStep[];
  readonly problems: readonly Problem[];
} {
  const byName = new Map<string, LocatedStep>();
  const problems = checkNames(located, byName);
  problems.push(...checkOutputs([...byName.values()].flatMap(writersOf)));
  const edges = new Map<string, string[]>();
  for (const each of byName.values()) {
    const names: string[] = [];
    for (const [alias, need] of Object.entries(each.step.needs)) {
      const name = nameOfNeed(need);
      const target = name === null ? undefined : byName.get(name);
      // A step value must be the very one that stands in a stage: another of the same name is not it.
      if (target === undefined || (typeof need !== "string" && target.entry !== need)) {
        if (lost.has(need)) continue;
        problems.push(
          problem("STEP_UNKNOWN_NEED", {
            place: `${each.place}.needs.${alias}`,
            message: `"${name ?? typeof need}" is not a step of this pipeline`,
          }),
        );
      } else if (target.stageIndex > each.stageIndex) {
        problems.push(
          problem("STAGE_ORDER", {
            place: `${each.place}.needs.${alias}`,
            message: `"${target.step.name}" stands in a later stage (${target.place})`,
          }),
        );
      } else names.push(target.step.name);
    }
    edges.set(each.step.name, names);
  }
  const cycle = findCycle(edges);
  if (cycle !== null) {
    problems.push(
      problem("PIPELINE_CYCLE", { place: byName.get(cycle[0] ?? "")?.place ?? "pipeline", message: cycle.join(" → ") }),
    );
    return { order: [], problems };
  }
  return { order: sortByNeeds(edges).flatMap((name) => byName.get(name) ?? []), problems };
}

/** Fills `byName`. Combinations are steps of the plan, so their names count too. */
function checkNames(located: readonly LocatedStep[], byName: Map<string, LocatedStep>): Problem[] {
  const problems: Problem[] = [];
  for (const each of located) {
    const first = byName.get(each.step.name);
    if (first === undefined) byName.set(each.step.name, each);
    else {
      problems.push(
        problem("STEP_DUPLICATE_NAME", { place: each.place, message: `the name stands already at ${first.place}` }),
      );
    }
  }
  const expanded = new Map<string, LocatedStep>();
  for (const each of located) {
    for (const combination of each.combinations) {
      const name = combinationName(each.step.name, combination);
      const other = expanded.get(name) ?? byName.get(name);
      expanded.set(name, each);
      if (other === undefined || other.step.name === each.step.name) continue;
      problems.push(
        problem("STEP_DUPLICATE_NAME", {
          place: each.place,
          message: `its combination "${name}" has the name of ${other.place}`,
        }),
      );
    }
  }
  return problems;
}

function writersOf({ step, combinations, place }: LocatedStep): readonly Writer[] {
  if (step.matrix === null) return [{ name: step.name, place, paths: step }];
  return combinations.map((combination) => ({
    name: combinationName(step.name, combination),
    place,
    paths: fillPlaceholders(step, combination.values),
  }));
}

function nameOfNeed(need: unknown): string | null {
  if (typeof need === "string") return need;
  if (typeof need === "object" && need !== null && "name" in need && typeof need.name === "string") return need.name;
  return null;
}
