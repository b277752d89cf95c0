import { problem, ProblemError } from "../../base/problem.ts";
import { diffManifests } from "../../engine/manifests/manifest.ts";
import type { RunStore } from "../../engine/run-store.ts";
import type { RunView, StepView } from "../../engine/run-view.ts";
import type { Composition } from "../composition.ts";
import type { ProjectPlace } from "../find-project.ts";
import { findRun } from "./find-run.ts";

/** What differs between a step's work in two runs. */
export interface StepComparison {
  readonly step: string;
  /** Null: that run has no such step. */
  readonly outcome: StepView["outcome"] | null;
  readonly outcomeThen: StepView["outcome"] | null;
  /** From the other run to this one: `src/train.ts changed`. Null: it can't be told, `note` says why. */
  readonly differences: readonly string[] | null;
  readonly note: string | null;
  /** Outputs that hold something else. Empty also when one of the runs wrote none. */
  readonly outputs: readonly string[];
}

export interface RunComparison {
  readonly run: RunView;
  readonly against: RunView;
  readonly steps: readonly StepComparison[];
}

export interface ComparisonQuery {
  /** An id or the beginning of one; undefined: the last run. */
  readonly run: string | undefined;
  readonly against: string;
  /** Undefined: all steps of both. A matrix is named by its step, or one combination by its own name. */
  readonly step: string | undefined;
}

/** Holds what went into the steps of one run against another. Throws RUN_UNKNOWN, RUN_AMBIGUOUS and STEP_UNKNOWN. */
export async function compareRuns(
  composition: Composition,
  place: ProjectPlace,
  query: ComparisonQuery,
): Promise<RunComparison> {
  const runs = await composition.openRuns(place.stateFolder);
  try {
    const [run, against] = [await viewOf(runs, query.run), await viewOf(runs, query.against)];
    const steps: StepComparison[] = [];
    const [here, there] = [stepsOf(run), stepsOf(against)];
    for (const name of new Set([...here.keys(), ...there.keys()])) {
      if (query.step === undefined || name === query.step || name.startsWith(`${query.step} (`))
        steps.push(await compareStep(runs, name, [here.get(name), there.get(name)]));
    }
    if (steps.length > 0) return { run, against, steps };
    const message = `neither run ${run.id} nor run ${against.id} has such a step`;
    throw new ProblemError([problem("STEP_UNKNOWN", { place: query.step ?? run.id, message })]);
  } finally {
    await runs.close();
  }
}

async function viewOf(runs: RunStore, named: string | undefined): Promise<RunView> {
  return (await findRun(runs, { named, suits: () => true, nothingSuits: "nothing ran here yet" })).view;
}

function stepsOf(view: RunView): ReadonlyMap<string, StepView> {
  return new Map(view.stages.flatMap((stage) => stage.steps.map((step) => [step.name, step] as const)));
}

async function compareStep(
  runs: RunStore,
  step: string,
  [now, then]: readonly [StepView | undefined, StepView | undefined],
): Promise<StepComparison> {
  const head = { step, outcome: now?.outcome ?? null, outcomeThen: then?.outcome ?? null };
  const untold = (note: string): StepComparison => ({ ...head, differences: null, note, outputs: [] });
  if (then === undefined) return untold("the other run has no such step");
  if (now === undefined) return untold("this run has no such step");
  const [digest, digestThen] = [now.manifestDigest, then.manifestDigest];
  if (digest === null) return untold(`this run did not come to look at its inputs: it is ${now.outcome}`);
  if (digestThen === null) return untold(`the other run did not come to look at its inputs: it is ${then.outcome}`);
  const outputs = differingOutputs(now, then);
  if (digest === digestThen) return { ...head, differences: [], note: null, outputs };
  const [manifest, manifestThen] = [await runs.manifest(digest), await runs.manifest(digestThen)];
  if (manifest === null || manifestThen === null) {
    const note = `its inputs differ, but this machine does not know what they were in ${manifest === null ? "this" : "the other"} run`;
    return { ...head, differences: null, note, outputs };
  }
  const differences = diffManifests(manifestThen, manifest);
  // Secrets are taken out of what is kept.
  return { ...head, differences: differences.length > 0 ? differences : [HIDDEN], note: null, outputs };
}

const HIDDEN = "something that a secret hides changed";

function differingOutputs(now: StepView, then: StepView): string[] {
  if (Object.keys(now.outputs).length === 0 || Object.keys(then.outputs).length === 0) return [];
  const names = new Set([...Object.keys(now.outputs), ...Object.keys(then.outputs)]);
  return [...names].filter((name) => now.outputs[name] !== then.outputs[name]);
}
