import type { Plan } from "../../pipeline/plan.ts";

/**
 * Steps that prepare a machine, and that the part's own steps need, at first hand or through others. What they made lies on the
 * machine of another part, so this one makes it again.
 */
export function preparedSteps(plan: Plan, own: ReadonlySet<string>): readonly string[] {
  const wanted = new Set<string>();
  const found: string[] = [];
  // Steps stand after those they need, so one way back through the list finds all.
  for (const step of [...plan.stages.flatMap((stage) => stage.steps), ...plan.finally].toReversed()) {
    const isOwn = own.has(step.name);
    if (!isOwn && !wanted.has(step.name)) continue;
    if (!isOwn && step.isPerMachine) found.push(step.name);
    for (const need of Object.values(step.needs)) wanted.add(need);
  }
  return found.toReversed();
}
