import { ProblemError } from "../../base/problem.ts";
import type { RunEvent } from "../../engine/event.ts";
import { ProjectTree } from "../../engine/files/project-tree.ts";
import type { StatIndex } from "../../engine/files/stat-index.ts";
import { checkSources } from "../../engine/manifests/sealing.ts";
import { isSuccess } from "../../engine/outcome.ts";
import type { RunStore } from "../../engine/run-store.ts";
import { viewRun } from "../../engine/run-view.ts";
import type { Plan } from "../../pipeline/plan.ts";
import { repositoryFolder } from "../read-checkout.ts";

/**
 * A run that goes on in the folder in which it began: what earlier parts checked must be as it was, or they vouch for
 * something else than what comes next. Throws SOURCE_CHANGED.
 */
export async function checkUnchanged(
  events: readonly RunEvent[],
  options: {
    readonly plan: Plan;
    /** Steps that are about to run anyway. */
    readonly only: ReadonlySet<string>;
    readonly runs: RunStore;
    readonly index: StatIndex;
    readonly projectFolder: string;
  },
): Promise<void> {
  const { plan, only, runs, index, projectFolder } = options;
  const planned = new Map(plan.stages.flatMap((stage) => stage.steps.map((step) => [step.name, step] as const)));
  const checked: Parameters<typeof checkSources>[0][number][] = [];
  for (const view of viewRun(events)?.stages.flatMap((stage) => stage.steps) ?? []) {
    const step = planned.get(view.name);
    if (step === undefined || view.manifestDigest === null || view.kind === "effect" || only.has(view.name)) continue;
    if (view.outcome === "pending" || view.outcome === "running" || !isSuccess(view.outcome)) continue;
    const manifest = await runs.manifest(view.manifestDigest);
    if (manifest === null) continue;
    checked.push({ step, taken: { manifest, digest: view.manifestDigest, uncacheable: null } });
  }
  const problems = await checkSources(checked, {
    projectFolder,
    repositoryFolder: repositoryFolder(projectFolder),
    index,
    tree: new ProjectTree(),
    environmentVariables: process.env,
  });
  if (problems.length > 0) throw new ProblemError(problems);
}
