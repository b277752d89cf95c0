import { problem, type Problem } from "../../base/problem.ts";
import type { StepView } from "../../engine/run-view.ts";
import type { Plan } from "../../pipeline/plan.ts";

/**
 * What keeps a part from starting: steps of earlier stages, and needs, that are neither finished nor in this part. They can't
 * be assumed done. What runs last is not kept: it tells what became of the rest.
 */
export function checkEarlier(
  plan: Plan,
  only: ReadonlySet<string>,
  earlier: ReadonlyMap<string, StepView>,
): readonly Problem[] {
  const isOpen = (name: string): boolean => {
    const outcome = earlier.get(name)?.outcome;
    return !only.has(name) && (outcome === undefined || outcome === "pending" || outcome === "running");
  };
  const needed = new Set<string>();
  const before: string[] = [];
  for (const stage of plan.stages) {
    const own = stage.steps.filter((step) => only.has(step.name));
    if (own.length > 0) for (const name of before) needed.add(name);
    for (const step of own) for (const need of Object.values(step.needs)) needed.add(need);
    before.push(...stage.steps.map((step) => step.name));
  }
  const open = [...needed].filter(isOpen);
  if (open.length === 0) return [];
  const told = open.slice(0, 5).map((name) => `"${name}"`);
  const more = open.length > told.length ? ` and ${open.length - told.length} more` : "";
  const message = `${told.join(", ")}${more} come before and did not end in any part that is here`;
  const place = plan.stages.filter((stage) => stage.steps.some((step) => only.has(step.name))).map((each) => each.name);
  const remedy = "run their stages first; then name that run with --run, and hand over what it left with --handover";
  return [problem("HANDOVER_INCOMPLETE", { place: `stage ${place.join(", ")}`, message, remedy })];
}
