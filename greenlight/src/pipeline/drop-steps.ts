import { addNeed } from "./add-need.ts";
import type { StepBlueprint } from "./blueprint.ts";

type Need = readonly [alias: string, name: string];

export interface Remaining {
  /** Why each step that fell away did, by its name and in order. */
  readonly reasons: ReadonlyMap<string, string>;
  /** The needs of a step that stays: those that fell away are replaced by what they themselves needed. */
  needsOf(step: StepBlueprint): Readonly<Record<string, string>>;
}

/**
 * Lets steps fall away. `steps` stand in an order in which needs come first; `whyDropped` gives a reason, or null for a
 * step that stays, and may ask what has fallen away before it.
 */
export function dropSteps(
  steps: readonly StepBlueprint[],
  whyDropped: (step: StepBlueprint, dropped: ReadonlyMap<string, string>) => string | null,
): Remaining {
  const reasons = new Map<string, string>();
  /** Step that fell away → what stays of all that it needed. */
  const heirs = new Map<string, readonly Need[]>();
  for (const step of steps) {
    const reason = whyDropped(step, reasons);
    if (reason === null) continue;
    reasons.set(step.name, reason);
    const found = new Map<string, Need>();
    for (const need of Object.entries(step.needs)) {
      for (const each of heirs.get(need[1]) ?? [need]) found.set(JSON.stringify(each), each);
    }
    heirs.set(step.name, [...found.values()]);
  }
  return { reasons, needsOf };

  function needsOf(step: StepBlueprint): Readonly<Record<string, string>> {
    if (heirs.size === 0) return step.needs;
    const own = Object.entries(step.needs);
    if (!own.some(([, name]) => heirs.has(name))) return step.needs;
    // What the step said itself comes first: its aliases keep their meaning.
    const needs: Record<string, string> = Object.fromEntries(own.filter(([, name]) => !heirs.has(name)));
    for (const [through, name] of own) {
      for (const [alias, heir] of heirs.get(name) ?? []) addNeed(needs, heir, alias, `${through}.${alias}`);
    }
    return needs;
  }
}
