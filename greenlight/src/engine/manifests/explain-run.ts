import type { PlannedStep } from "../../pipeline/plan.ts";
import type { RunStore } from "../run-store.ts";
import type { Masking } from "../steps/masking.ts";
import { diffManifests, summariseDifference } from "./manifest.ts";
import type { TakenManifest } from "./take-manifest.ts";

export interface Explanation {
  /** Every difference from the last success; empty when there was none or nothing differs. */
  readonly differences: readonly string[];
  readonly lastRunId: string | null;
  /** "src/train.ts changed": the reason when the step runs. */
  readonly whenRun: string;
  /** "nothing changed since run …": the reason when its result is taken from the cache. */
  readonly whenCached: string;
  /** True when the store holds this very manifest already. */
  readonly isKnown: boolean;
}

/** Why a step runs or need not: its manifest held against that of its last success. */
export async function explainRun(
  runs: RunStore,
  query: {
    readonly pipeline: string;
    readonly step: PlannedStep;
    readonly taken: TakenManifest;
    /** With which manifests are stored; left out: none. */
    readonly masking?: Masking;
    /** A person asked for it although its result holds. */
    readonly isAskedFor?: boolean;
  },
): Promise<Explanation> {
  const last = await runs.lastManifest({ pipeline: query.pipeline, step: query.step.name });
  const lastDigest = last?.manifestDigest ?? null;
  if (last !== null && lastDigest === query.taken.digest) {
    const whenRun = query.isAskedFor === true ? "asked to run again" : whyNotCached(query.taken);
    const whenCached = `nothing changed since run ${last.runId}`;
    return { differences: [], lastRunId: last.runId, whenRun, whenCached, isKnown: true };
  }
  const before = lastDigest === null ? null : await runs.manifest(lastDigest);
  if (last === null || before === null) {
    const whenCached = "the same inputs passed before";
    return { differences: [], lastRunId: null, whenRun: "it has not passed here yet", whenCached, isKnown: false };
  }
  const now = query.masking?.json(query.taken.manifest) ?? query.taken.manifest;
  const differences = diffManifests(before, now);
  if (differences.length === 0) differences.push("something that a secret hides changed");
  const summary = summariseDifference(differences);
  return {
    differences,
    lastRunId: last.runId,
    whenRun: summary,
    whenCached: `the same inputs passed before (since run ${last.runId}: ${summary})`,
    isKnown: false,
  };
}

function whyNotCached({ uncacheable }: TakenManifest): string {
  return uncacheable === null ? "its result is not in the cache" : `never cached: ${uncacheable}`;
}
