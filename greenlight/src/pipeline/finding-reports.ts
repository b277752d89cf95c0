import type { Blueprint, StepBlueprint } from "./blueprint.ts";
import type { EvidenceSource } from "./definition.ts";
import { holdsFindings } from "./evidence-formats.ts";
import { Expansion } from "./expand-steps.ts";

/** How many reports of findings the pipelines of a project make by that tool, each counted once. */
export interface ToolReports {
  readonly tool: string;
  readonly reportCount: number;
}

/**
 * Every tool whose findings any pipeline of the project brings: a suppression is idle only when none of their reports needs
 * it. Empty where nothing is suppressed, because then nobody asks.
 */
export function findingReports({ quality, pipelines }: Blueprint): readonly ToolReports[] {
  if ((quality?.suppressions ?? []).length === 0) return [];
  const found = new Map<string, Set<string>>();
  for (const { stages, finally: last } of Object.values(pipelines)) {
    const steps = [...stages.flatMap((stage) => stage.steps), ...last];
    const expansion = new Expansion(steps);
    for (const { tool, path } of steps.flatMap((step) => sourcesOf(step, expansion)))
      found.set(tool, (found.get(tool) ?? new Set()).add(path));
  }
  return [...found].map(([tool, paths]) => ({ tool, reportCount: paths.size }));
}

function sourcesOf(step: StepBlueprint, expansion: Expansion): readonly EvidenceSource[] {
  if (!step.evidence.some(({ format }) => holdsFindings(format))) return [];
  return expansion.expand(step, {}).flatMap(({ evidence }) => evidence.filter(({ format }) => holdsFindings(format)));
}
