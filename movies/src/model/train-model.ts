import { filmDescriber } from "../features/describe-film.ts";
import type { FeatureSet } from "../features/feature-set.ts";
import { fitFeatures } from "../features/fit-features.ts";
import type { LabelledFilm } from "../films/film.ts";
import type { Split } from "../films/split.ts";
import type { BoostingParameters } from "./boosting.ts";
import { fitBoosting } from "./boosting.ts";
import type { Matrix } from "./matrix.ts";
import { toMatrix } from "./matrix.ts";
import type { Model } from "./model-file.ts";
import { ALGORITHM, withVersion } from "./model-file.ts";

export interface TrainingOptions {
  readonly featureSet: FeatureSet;
  readonly split: Split;
  readonly parameters: BoostingParameters;
  readonly seed: number;
  /** SHA-256 of the file that the films come from. */
  readonly dataDigest: string;
}

/** Trains a model on the given films, all of them: the holdout is not among them. At least one film. */
export function trainModel(train: readonly LabelledFilm[], options: TrainingOptions): Model {
  const { dataDigest, featureSet, parameters, seed, split } = options;
  const features = fitFeatures(train, featureSet);
  const { matrix, targets } = describeFilms(train, filmDescriber(features));
  const { baseline, trees } = fitBoosting(matrix, targets, parameters, seed);
  return withVersion({
    schema: 1,
    algorithm: ALGORITHM,
    featureSet,
    split,
    trainCount: train.length,
    dataDigest,
    parameters,
    seed,
    features,
    baseline,
    trees: [...trees],
  });
}

/** Films as a matrix with their ratings. */
export function describeFilms(
  films: readonly LabelledFilm[],
  describer: ReturnType<typeof filmDescriber>,
): { readonly matrix: Matrix; readonly targets: Float64Array } {
  const rows = films.map((film) => describer.describe(film.facts, film.aftermath));
  return {
    matrix: toMatrix(rows, describer.names.length),
    targets: Float64Array.from(films, (film) => film.rating),
  };
}
