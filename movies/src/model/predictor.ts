import { filmDescriber } from "../features/describe-film.ts";
import type { FilmFacts } from "../films/film.ts";
import type { Model } from "./model-file.ts";
import { readModel } from "./model-file.ts";
import { ensemblePredictor } from "./tree.ts";

/** What a model file says of itself. */
interface ModelInfo {
  /** First 12 hexadecimal digits of the model's content digest. */
  readonly version: string;
  readonly algorithm: string;
  readonly featureSet: string;
  /** Names of the features, in the order of the model's columns. */
  readonly features: readonly string[];
  readonly trainCount: number;
  /** SHA-256 of the clean films it was trained from. */
  readonly dataDigest: string;
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly seed: number;
}

interface Prediction {
  /** From 0 to 10. */
  readonly rating: number;
  /** What the model saw, by feature name; null is missing. */
  readonly features: Readonly<Record<string, number | null>>;
}

export interface Predictor {
  readonly info: ModelInfo;
  /** The rating to expect of a film; pure and quick (some tens of microseconds). */
  predictRating(facts: FilmFacts): Prediction;
  /**
   * The rating, 0 to 10, for features by name; one that is absent or null is missing. Throws a RangeError for an
   * unknown name and for a number that is not finite.
   */
  predictFeatures(features: Readonly<Record<string, number | null>>): number;
}

/** Reads a model file. Throws an Error that names the file and the remedy when it is missing or is no model. */
export async function loadPredictor(path: string): Promise<Predictor> {
  const { model } = await readModel(path);
  return predictorOf(model);
}

/** Prepares a model for predicting. */
export function predictorOf(model: Model): Predictor {
  const describer = filmDescriber(model.features);
  const { names } = describer;
  const columns = new Map(names.map((name, column) => [name, column]));
  const predict = ensemblePredictor(model.baseline, model.trees);
  return {
    info: {
      version: model.version,
      algorithm: model.algorithm,
      featureSet: model.featureSet,
      features: names,
      trainCount: model.trainCount,
      dataDigest: model.dataDigest,
      parameters: model.parameters,
      seed: model.seed,
    },
    predictRating(facts) {
      const row = describer.describe(facts);
      return { rating: clampRating(predict(row)), features: namedFeatures(names, row) };
    },
    predictFeatures(features) {
      const row = new Float64Array(names.length).fill(Number.NaN);
      for (const [name, value] of Object.entries(features)) {
        const column = columns.get(name);
        if (column === undefined) throw new RangeError(`unknown feature "${name}"`);
        if (value !== null && !Number.isFinite(value))
          throw new RangeError(`feature "${name}" must be a finite number`);
        row[column] = value ?? Number.NaN;
      }
      return clampRating(predict(row));
    },
  };
}

/** Ratings run from 0 to 10; trees may sum to a little beyond. */
export function clampRating(rating: number): number {
  return Math.min(10, Math.max(0, rating));
}

function namedFeatures(names: readonly string[], row: Float64Array): Record<string, number | null> {
  const named: Record<string, number | null> = {};
  names.forEach((name, column) => {
    const value = row[column] ?? Number.NaN;
    named[name] = Number.isNaN(value) ? null : value;
  });
  return named;
}
