import { collectDefaultMetrics, Counter, Gauge, Histogram, Registry } from "prom-client";

/** What the service counts and times. Every label has few values, whatever callers send. */
export interface Metrics {
  readonly contentType: string;
  /** The text that Prometheus scrapes. */
  text(): Promise<string>;
  observeRequest(request: { route: string; method: string; status: number; seconds: number }): void;
  observePrediction(prediction: { route: string; rating: number; seconds: number }): void;
  countInvalidField(field: string): void;
  countDroppedLogLines(count: number): void;
  countLogFailure(): void;
  setBuild(build: { releaseId: string; modelVersion: string }): void;
}

/** A registry of its own for each service, process memory and CPU included. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });
  const requests = new Histogram({
    name: "api_request_duration_seconds",
    help: "Time from a request's first byte to the end of its answer",
    labelNames: ["route", "method", "status"],
    buckets: [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    registers,
  });
  const predictions = new Counter({
    name: "predictions_total",
    help: "Ratings predicted; each film of a batch counts",
    labelNames: ["route"],
    registers,
  });
  const durations = new Histogram({
    name: "prediction_duration_seconds",
    help: "Time that the model took for one rating",
    buckets: [0.000_01, 0.000_025, 0.000_05, 0.000_1, 0.000_25, 0.000_5, 0.001, 0.005, 0.025, 0.1, 1],
    registers,
  });
  const ratings = new Histogram({
    name: "prediction_rating",
    help: "Distribution of the predicted ratings, 0 to 10",
    buckets: [1, 2, 3, 4, 4.5, 5, 5.5, 6, 6.5, 7, 7.5, 8, 9, 10],
    registers,
  });
  const invalidFields = new Counter({
    name: "validation_errors_total",
    help: "Fields refused; (unknown) stands for every field that the API does not have",
    labelNames: ["field"],
    registers,
  });
  const droppedLines = new Counter({
    name: "prediction_log_dropped_total",
    help: "Predictions that are missing from the prediction log",
    registers,
  });
  const logFailures = new Counter({
    name: "prediction_log_write_failures_total",
    help: "Writes to the prediction log that failed",
    registers,
  });
  const build = new Gauge({
    name: "movies_build_info",
    help: "Always 1; the labels say what runs",
    labelNames: ["release_id", "model_version", "node_version"],
    registers,
  });
  return {
    contentType: registry.contentType,
    text: () => registry.metrics(),
    observeRequest: ({ route, method, status, seconds }) => requests.observe({ route, method, status }, seconds),
    observePrediction({ route, rating, seconds }) {
      predictions.inc({ route });
      durations.observe(seconds);
      ratings.observe(rating);
    },
    countInvalidField: (field) => invalidFields.inc({ field }),
    countDroppedLogLines: (count) => droppedLines.inc(count),
    countLogFailure: () => logFailures.inc(),
    setBuild({ releaseId, modelVersion }) {
      build.set({ release_id: releaseId, model_version: modelVersion, node_version: process.version }, 1);
    },
  };
}
