import type { FastifyInstance } from "fastify";

import type { Predictor } from "../../model/predictor.ts";
import { createMetrics, type Metrics } from "../metrics.ts";
import type { PredictionRecord } from "../prediction-log.ts";
import { buildServer } from "../server.ts";
import type { ServiceState } from "../service-state.ts";
import { plainPredictor } from "./plain-predictor.ts";

export interface TestApi {
  readonly app: FastifyInstance;
  readonly state: ServiceState;
  readonly metrics: Metrics;
  /** What went into the prediction log. */
  readonly records: readonly PredictionRecord[];
}

/** The API without a port, for `app.inject`; `null` is a model that is not loaded yet. */
export function buildTestApi(predictor: Predictor | null = plainPredictor()): TestApi {
  const state: ServiceState = { predictor, isDraining: false };
  const metrics = createMetrics();
  const records: PredictionRecord[] = [];
  const log = { append: (record: PredictionRecord) => void records.push(record), close: () => Promise.resolve() };
  const app = buildServer({ releaseId: "r-test", state, metrics, log, logLevel: "silent" });
  return { app, state, metrics, records };
}
