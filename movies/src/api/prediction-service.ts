import { setImmediate as nextTurn } from "node:timers/promises";

import type { FilmFacts } from "../films/film.ts";
import type { Predictor } from "../model/predictor.ts";
import type { Metrics } from "./metrics.ts";
import { newPredictionId } from "./prediction-id.ts";
import type { PredictionLog } from "./prediction-log.ts";
import type { Features, Question } from "./request-body.ts";

// A whole batch would keep every other request waiting; after so many films the others get their turn.
const FILMS_PER_TURN = 50;

export interface PredictionAnswer {
  /** From 0 to 10. */
  readonly rating: number;
  readonly predictionId: string;
  readonly releaseId: string;
  readonly modelVersion: string;
}

export interface BatchAnswer {
  readonly batchId: string;
  readonly releaseId: string;
  readonly modelVersion: string;
  /** In the order of the films. */
  readonly predictions: readonly PredictionAnswer[];
}

export interface PredictionServiceOptions {
  readonly releaseId: string;
  readonly metrics: Metrics;
  readonly log: PredictionLog;
}

/** Asks the model, measures it, and leaves a line in the prediction log. */
export class PredictionService {
  readonly #options: PredictionServiceOptions;

  constructor(options: PredictionServiceOptions) {
    this.#options = options;
  }

  answer(predictor: Predictor, question: Question, route: string): PredictionAnswer {
    return this.#predict(predictor, question, { route });
  }

  async answerBatch(predictor: Predictor, films: readonly FilmFacts[], route: string): Promise<BatchAnswer> {
    const batchId = newPredictionId();
    const predictions: PredictionAnswer[] = [];
    for (const film of films) {
      if (predictions.length > 0 && predictions.length % FILMS_PER_TURN === 0) await nextTurn();
      predictions.push(this.#predict(predictor, { kind: "film", film }, { route, batchId }));
    }
    return { batchId, releaseId: this.#options.releaseId, modelVersion: predictor.info.version, predictions };
  }

  #predict(predictor: Predictor, question: Question, origin: { route: string; batchId?: string }): PredictionAnswer {
    const { releaseId, metrics, log } = this.#options;
    const startedMs = performance.now();
    const { rating, features } = ask(predictor, question);
    metrics.observePrediction({ route: origin.route, rating, seconds: (performance.now() - startedMs) / 1000 });
    const answer = { rating, predictionId: newPredictionId(), releaseId, modelVersion: predictor.info.version };
    log.append({
      predictionId: answer.predictionId,
      ...(origin.batchId === undefined ? {} : { batchId: origin.batchId }),
      at: new Date().toISOString(),
      releaseId,
      modelVersion: answer.modelVersion,
      request: question.kind === "film" ? question.film : { features: question.features },
      features,
      rating,
    });
    return answer;
  }
}

function ask(predictor: Predictor, question: Question): { rating: number; features: Features } {
  if (question.kind === "film") return predictor.predictRating(question.film);
  return { rating: predictor.predictFeatures(question.features), features: question.features };
}
