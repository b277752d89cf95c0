import { addNeed } from "./add-need.ts";
import type { StepBlueprint } from "./blueprint.ts";
import { combinationName, combinationsOf, type Combination } from "./combinations.ts";
import { fillPlaceholders } from "./fill-placeholders.ts";
import type { PlannedStep } from "./plan.ts";

/**
 * Makes each combination of a matrix a step of its own, and each need on such a step one on every combination; on one that
 * prepares the machine, on those with the same values.
 */
export class Expansion {
  readonly #combinations = new Map<string, readonly Combination[]>();
  /** Steps that prepare a machine: a combination needs no more of them than what it runs with itself. */
  readonly #perMachine = new Set<string>();

  constructor(steps: readonly StepBlueprint[]) {
    for (const step of steps) {
      if (step.matrix === null) continue;
      this.#combinations.set(step.name, combinationsOf(step.matrix));
      if (step.isPerMachine) this.#perMachine.add(step.name);
    }
  }

  /** How many needs the combinations of a step will have together, at most. */
  countNeeds(step: StepBlueprint, needs: Readonly<Record<string, string>>): number {
    const sizeOf = (name: string): number => Math.max(1, this.#combinations.get(name)?.length ?? 1);
    const names = Object.values(needs);
    if (this.#combinations.size === 0) return names.length;
    return names.reduce((count, name) => count + sizeOf(name), 0) * sizeOf(step.name);
  }

  /** `needs` are those that are left to the step. A matrix that comes to nothing leaves the step, which can't run. */
  expand(step: StepBlueprint, needs: Readonly<Record<string, string>>): readonly PlannedStep[] {
    const { matrix } = step;
    const planned = toPlanned(step, this.#expandNeeds(needs));
    if (matrix === null) return [planned];
    const combinations = this.#combinations.get(step.name) ?? [];
    if (combinations.length === 0) return [{ ...planned, skip: "its matrix excludes every combination" }];
    const isNarrowed = this.#perMachine.size > 0 && Object.values(needs).some((name) => this.#perMachine.has(name));
    return combinations.map((combination) => ({
      ...planned,
      ...(isNarrowed ? { needs: this.#expandNeeds(needs, combination) } : {}),
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

  #expandNeeds(needs: Readonly<Record<string, string>>, by?: Combination): Readonly<Record<string, string>> {
    if (this.#combinations.size === 0) return needs;
    const entries = Object.entries(needs);
    if (!entries.some(([, name]) => this.#combinations.has(name))) return needs;
    const expanded: Record<string, string> = {};
    for (const [alias, name] of entries) if (!this.#combinations.has(name)) expanded[alias] = name;
    for (const [alias, name] of entries) {
      const all = this.#combinations.get(name);
      if (all === undefined) continue;
      const combinations = by !== undefined && this.#perMachine.has(name) ? agreeing(all, by) : all;
      if (combinations.length === 0) addNeed(expanded, name, alias, alias);
      for (const combination of combinations) {
        const own = combinations.length === 1 ? alias : `${alias}[${combination.label}]`;
        addNeed(expanded, combinationName(name, combination), own, own);
      }
    }
    return expanded;
  }
}

/** Those that say nothing else of the keys that both have; all where none does. */
function agreeing(all: readonly Combination[], { values }: Combination): readonly Combination[] {
  const found = all.filter((each) =>
    Object.entries(each.values).every(([key, value]) => (values[key] ?? value) === value),
  );
  return found.length === 0 ? all : found;
}

/** Field by field, for the reason that a blueprint's steps are made so. */
function toPlanned(step: StepBlueprint, needs: Readonly<Record<string, string>>): PlannedStep {
  return {
    name: step.name,
    action: step.action,
    needs,
    inputs: step.inputs,
    outputs: step.outputs,
    env: step.env,
    variables: step.variables,
    secrets: step.secrets,
    packages: step.packages,
    evidence: step.evidence,
    timeoutMs: step.timeoutMs,
    retry: step.retry,
    after: step.after,
    allowFailure: step.allowFailure,
    lock: step.lock,
    environment: step.environment,
    isSealing: step.isSealing,
    tool: step.tool,
    validForMs: step.validForMs,
    runtime: step.runtime,
    isPerMachine: step.isPerMachine,
    matrix: null,
    skip: null,
  };
}
