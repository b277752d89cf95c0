import type { Json } from "../base/json.ts";
import type { GateEvidence, ModelEvidence, RegressionMetrics, Verdict } from "../evidence/evidence.ts";

/** What a trainer says its model was made from. Code and data are digests, or whatever else pins them. */
export interface ModelLineage {
  readonly code: Json;
  readonly data: Json;
  /** The trainer's own name for the model; its digest stands in when there is none. */
  readonly version?: string;
}

/** A model version as the registry keeps it. Plain JSON without a time: registering again gives the same bytes. */
export interface RegistryEntry {
  readonly schema: 1;
  readonly kind: "model-version";
  readonly project: string;
  readonly version: string;
  /** SHA-256 of the model file. */
  readonly modelDigest: string;
  readonly lineageDigest: string;
  readonly code: Json;
  readonly data: Json;
  readonly algorithm: string;
  readonly featureSet: string;
  readonly split: string;
  readonly parameters: { readonly [name: string]: Json };
  readonly seed: number;
  readonly trainCount: number;
  readonly testCount: number;
  readonly metrics: RegressionMetrics;
  readonly baselines: ModelEvidence["baselines"];
  /** SHA-256 over key and error of each row of the holdout, so that a later comparison knows it pairs the same rows. */
  readonly errorsDigest: string;
  readonly predictionsDigest: string;
  /** The gate's answer when it was registered; rejected models are registered too, so that they are known. */
  readonly verdict: Verdict;
}

export function registryEntry(made: {
  readonly project: string;
  readonly lineage: ModelLineage;
  readonly evaluation: ModelEvidence;
  readonly gate: GateEvidence;
  /** SHA-256, in hex. */
  readonly digests: {
    readonly model: string;
    readonly lineage: string;
    readonly errors: string;
    readonly predictions: string;
  };
}): RegistryEntry {
  const { project, lineage, evaluation, gate, digests } = made;
  return {
    schema: 1,
    kind: "model-version",
    project,
    version: lineage.version ?? digests.model.slice(0, 12),
    modelDigest: digests.model,
    lineageDigest: digests.lineage,
    code: lineage.code,
    data: lineage.data,
    algorithm: evaluation.algorithm,
    featureSet: evaluation.featureSet,
    split: evaluation.split,
    parameters: evaluation.parameters,
    seed: evaluation.seed,
    trainCount: evaluation.trainCount,
    testCount: evaluation.testCount,
    metrics: evaluation.metrics,
    baselines: evaluation.baselines,
    errorsDigest: digests.errors,
    predictionsDigest: digests.predictions,
    verdict: gate.verdict,
  };
}

/** The text whose SHA-256 is `errorsDigest`: a line a row, "key error", sorted by key; errors to the last digit. */
export function errorsText(
  rows: readonly { readonly key: string; readonly actual: number; readonly predicted: number }[],
): string {
  return rows
    .map(({ key, actual, predicted }) => `${JSON.stringify(key)} ${predicted - actual}\n`)
    .toSorted()
    .join("");
}
