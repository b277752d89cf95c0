import { problem, type Problem } from "../base/problem.ts";
import { fixedPart, isWithin } from "./check-step.ts";
import type { StepDefinition } from "./definition.ts";
import { findCycle, sortByNeeds } from "./graph.ts";

export interface LocatedStep {
  readonly step: StepDefinition;
  /** Position of its stage; `finally` comes last. */
  readonly stageIndex: number;
  readonly place: string;
}

/** Checks the steps of one pipeline against each other, and orders them so that needs come first. */
export function checkGraph(located: readonly LocatedStep[]): {
  readonly order: readonly LocatedStep[];
  readonly problems: readonly Problem[];
} {
  const problems: Problem[] = [];
  const byName = new Map<string, LocatedStep>();
  for (const each of located) {
    const first = byName.get(each.step.name);
    if (first === undefined) byName.set(each.step.name, each);
    else {
      problems.push(
        problem("STEP_DUPLICATE_NAME", { place: each.place, message: `the name stands already at ${first.place}` }),
      );
    }
  }
  problems.push(...checkOutputs(located));
  const edges = new Map<string, string[]>();
  for (const each of byName.values()) {
    const names: string[] = [];
    for (const [alias, need] of Object.entries(each.step.needs)) {
      const name = nameOfNeed(need);
      const target = name === null ? undefined : byName.get(name);
      // A step value must be the very one that stands in a stage: another of the same name is not it.
      if (target === undefined || (typeof need !== "string" && target.step !== need)) {
        problems.push(
          problem("STEP_UNKNOWN_NEED", {
            place: `${each.place}.needs.${alias}`,
            message: `"${name ?? String(need)}" is not a step of this pipeline`,
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

function nameOfNeed(need: unknown): string | null {
  if (typeof need === "string") return need;
  if (typeof need === "object" && need !== null && "name" in need && typeof need.name === "string") return need.name;
  return null;
}

function checkOutputs(located: readonly LocatedStep[]): Problem[] {
  const problems: Problem[] = [];
  const written = located.flatMap((each) =>
    [...Object.values(each.step.outputs), ...each.step.evidence.map((source) => source.path)].map((path) => ({
      each,
      path,
      // Outputs with wildcards may lie side by side in one folder; plain ones own what is below them.
      fixed: path.includes("*") && !path.endsWith("/**") && !path.endsWith("/**/*") ? path : fixedPart(path),
    })),
  );
  // Sorted by path, an output stands right behind the one that holds it.
  const sorted = written.toSorted((left, right) => (`${left.fixed}/` < `${right.fixed}/` ? -1 : 1));
  const open: typeof written = [];
  for (const current of sorted) {
    while (open.length > 0 && !isWithin(current.fixed, open.at(-1)?.fixed ?? "")) open.pop();
    const owner = open.find((holder) => holder.each !== current.each);
    if (owner !== undefined) {
      problems.push(
        problem("STEP_OUTPUT_SHARED", {
          place: `${current.each.place}.outputs`,
          message: `"${current.path}" is already an output of "${owner.each.step.name}"${owner.path === current.path ? "" : ` ("${owner.path}")`}`,
        }),
      );
    }
    open.push(current);
  }
  return problems;
}
