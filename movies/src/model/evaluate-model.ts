import { filmDescriber } from "../features/describe-film.ts";
import type { LabelledFilm } from "../films/film.ts";
import type { SplitFilms } from "../films/split.ts";
import type { RegressionMetrics, Slice } from "./metrics.ts";
import { regressionMetrics, sliceMetrics } from "./metrics.ts";
import type { Model } from "./model-file.ts";
import { clampRating } from "./predictor.ts";
import { fitRidge, predictRidge } from "./ridge.ts";
import { describeFilms } from "./train-model.ts";
import { ensemblePredictor } from "./tree.ts";

/** One line of `predictions.jsonl`: a film of the holdout and what each model says of it, in rating points. */
export interface HoldoutPrediction {
  readonly key: string;
  readonly title: string;
  readonly actual: number;
  readonly predicted: number;
  readonly ridge: number;
  readonly constant: number;
  /** "unknown" when the film names none. */
  readonly genre: string;
}

/** Content of `evaluation.json`: the evidence that gates judge, in the shape that reports read. */
export interface Evaluation {
  readonly schema: 1;
  readonly kind: "model";
  readonly algorithm: string;
  /** SHA-256 of the model file. */
  readonly digest: string;
  readonly featureSet: string;
  readonly split: string;
  readonly trainCount: number;
  readonly testCount: number;
  readonly metrics: RegressionMetrics;
  readonly baselines: readonly ({ readonly name: string } & RegressionMetrics)[];
  readonly slices: readonly Slice[];
  readonly parameters: Model["parameters"];
  readonly seed: number;
}

/**
 * Scores a model on the holdout, beside two baselines that are fitted on the same training films and the same
 * features: the mean rating, and ridge regression. At least one film on each side.
 */
export function evaluateModel(
  { digest, model }: { readonly model: Model; readonly digest: string },
  { test, train }: SplitFilms,
): { readonly evaluation: Evaluation; readonly predictions: readonly HoldoutPrediction[] } {
  const describer = filmDescriber(model.features);
  const predict = ensemblePredictor(model.baseline, model.trees);
  const training = describeFilms(train, describer);
  const ridge = fitRidge(training.matrix, training.targets);
  const constant = train.reduce((sum, film) => sum + film.rating, 0) / train.length;
  const predictions = test.map((film: LabelledFilm) => {
    const row = describer.describe(film.facts, film.aftermath);
    return {
      key: film.key,
      title: film.facts.title,
      actual: film.rating,
      predicted: clampRating(predict(row)),
      ridge: clampRating(predictRidge(ridge, row)),
      constant,
      genre: film.facts.majorGenre ?? "unknown",
    };
  });
  const metricsOf = (name: "predicted" | "ridge" | "constant") =>
    regressionMetrics(predictions.map((film) => ({ actual: film.actual, predicted: film[name] })));
  const evaluation: Evaluation = {
    schema: 1,
    kind: "model",
    algorithm: model.algorithm,
    digest,
    featureSet: model.featureSet,
    split: model.split,
    trainCount: model.trainCount,
    testCount: test.length,
    metrics: metricsOf("predicted"),
    baselines: [
      { name: "constant", ...metricsOf("constant") },
      { name: "ridge", ...metricsOf("ridge") },
    ],
    slices: sliceMetrics(predictions, "genre", (film) => film.genre),
    parameters: model.parameters,
    seed: model.seed,
  };
  return { evaluation, predictions };
}
