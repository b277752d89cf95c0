import { addNeed } from "./add-need.ts";
import type { StepBlueprint } from "./blueprint.ts";
import { combinationName, combinationsOf, type Combination } from "./combinations.ts";
import { fillPlaceholders } from "./fill-placeholders.ts";
import type { PlannedStep } from "./plan.ts";

/** Makes each combination of a matrix a step of its own, and each need on such a step one on every combination. */
export class Expansion {
  readonly #combinations = new Map<string, readonly Combination[]>();

  constructor(steps: readonly StepBlueprint[]) {
    for (const step of steps) {
      if (step.matrix !== null) this.#combinations.set(step.name, combinationsOf(step.matrix));
    }
  }

  /** `needs` are those that are left to the step. A matrix that comes to nothing leaves the step, which can't run. */
  expand(step: StepBlueprint, needs: Readonly<Record<string, string>>): readonly PlannedStep[] {
    const { matrix, when: _when, ...rest } = step;
    const planned: PlannedStep = { ...rest, needs: this.#expandNeeds(needs), matrix: null, skip: null };
    if (matrix === null) return [planned];
    const combinations = this.#combinations.get(step.name) ?? [];
    if (combinations.length === 0) return [{ ...planned, skip: "its matrix excludes every combination" }];
    return combinations.map((combination) => ({
      ...planned,
      ...fillPlaceholders(step, combination.values),
      name: combinationName(step.name, combination),
      matrix: {
        of: step.name,
        values: combination.values,
        failFast: matrix.failFast,
        maxParallel: matrix.maxParallel,
      },
    }));
  }

  #expandNeeds(needs: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
    const entries = Object.entries(needs);
    if (!entries.some(([, name]) => this.#combinations.has(name))) return needs;
    const expanded: Record<string, string> = {};
    for (const [alias, name] of entries) if (!this.#combinations.has(name)) expanded[alias] = name;
    for (const [alias, name] of entries) {
      const combinations = this.#combinations.get(name);
      if (combinations === undefined) continue;
      if (combinations.length === 0) addNeed(expanded, name, alias, alias);
      for (const combination of combinations) {
        const own = combinations.length === 1 ? alias : `${alias}[${combination.label}]`;
        addNeed(expanded, combinationName(name, combination), own, own);
      }
    }
    return expanded;
  }
}
