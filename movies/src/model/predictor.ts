import type { FilmFacts } from "../films/film.ts";

/** What a model file says of itself. */
export interface ModelInfo {
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

export interface Prediction {
  /** From 0 to 10. */
  readonly rating: number;
  /** What the model saw, by feature name; null is missing. */
  readonly features: Readonly<Record<string, number | null>>;
}

export interface Predictor {
  readonly info: ModelInfo;
  /** The rating to expect of a film; pure and quick (some tens of microseconds). */
  predictRating(facts: FilmFacts): Prediction;
  /** The rating, 0 to 10, for features by name; one that is absent or null is missing. Throws a RangeError for an unknown name. */
  predictFeatures(features: Readonly<Record<string, number | null>>): number;
}

/** Reads a model file. Throws an Error that names the file and the remedy when it is missing or is no model. */
export async function loadPredictor(path: string): Promise<Predictor> {
  throw new Error(`MODEL_MISSING: ${path}; train a model with \`node src/train.ts\``);
}
