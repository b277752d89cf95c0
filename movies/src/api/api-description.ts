import type { FastifySchema } from "fastify";
import { z } from "zod";

import { filmFactsSchema } from "../films/film.ts";
import type { RouteUrl } from "./api-route.ts";
import { REFUSALS, type RefusalCode } from "./refusal.ts";
import { MAX_BATCH_FILMS } from "./request-body.ts";

/** Schemas that the OpenAPI document shows. The ones of requests are those that requests are checked with. */
const filmSchema = filmFactsSchema.meta({
  description:
    "What is known of a film before its release. Only the title is needed; money in US dollars, times in minutes.",
  examples: [
    {
      title: "Inception",
      releaseDate: "2010-07-16",
      productionBudget: 160_000_000,
      runningTimeMin: 148,
      mpaaRating: "PG-13",
      majorGenre: "Action",
      director: "Christopher Nolan",
    },
  ],
});

const featuresSchema = z
  .record(z.string(), z.number().nullable())
  .describe("The model's features by name, see GET /model/info; one that is absent or null is missing");

const questionSchema = z.union([
  filmSchema,
  z.strictObject({ film: filmSchema }),
  z.strictObject({ features: featuresSchema }),
]);

const batchSchema = z.strictObject({ films: z.array(filmSchema).min(1).max(MAX_BATCH_FILMS) });

const predictionAnswerSchema = z.object({
  rating: z.number().min(0).max(10),
  predictionId: z.uuid().describe("Finds the answer in the prediction log; also in the header x-prediction-id"),
  releaseId: z.string().describe("What served it; also in the header x-release-id"),
  modelVersion: z.string(),
});

const batchAnswerSchema = z.object({
  batchId: z.uuid(),
  releaseId: z.string(),
  modelVersion: z.string(),
  predictions: z.array(predictionAnswerSchema).describe("In the order of the films"),
});

const healthSchema = z.object({ status: z.literal("alive"), releaseId: z.string(), uptimeSeconds: z.number() });

const readinessSchema = z.object({
  status: z.enum(["ready", "starting", "draining"]),
  releaseId: z.string(),
  modelVersion: z.string().nullable(),
});

const modelInfoSchema = z.object({
  releaseId: z.string(),
  modelVersion: z.string(),
  version: z.string(),
  algorithm: z.string(),
  featureSet: z.string(),
  features: z.array(z.string()).describe("In the order of the model's columns"),
  trainCount: z.int(),
  dataDigest: z.string().describe("SHA-256 of the clean films it was trained from"),
  parameters: z.record(z.string(), z.unknown()),
  seed: z.int(),
});

const errorSchema = z.object({
  error: z.object({
    code: z.enum(Object.keys(REFUSALS) as RefusalCode[]),
    message: z.string(),
    fields: z
      .array(z.object({ index: z.int().optional(), field: z.string(), problem: z.string() }))
      .optional()
      .describe("Every field that is wrong; `index` is the film's place in a batch"),
    remedy: z.string(),
    requestId: z.string().optional(),
  }),
});

interface RouteDescription {
  readonly summary: string;
  readonly body?: z.ZodType;
  /** Null: text rather than JSON. */
  readonly answer: z.ZodType | null;
  readonly refusals: readonly number[];
  readonly otherAnswers?: Readonly<Record<number, z.ZodType>>;
}

const PREDICTION_REFUSALS = [400, 413, 415, 503];

const DESCRIPTIONS: Readonly<Record<RouteUrl, RouteDescription>> = {
  "/predict": {
    summary: "Predict a film's rating from its facts or from the model's features",
    body: questionSchema,
    answer: predictionAnswerSchema,
    refusals: PREDICTION_REFUSALS,
  },
  "/predict/movie": {
    summary: "Predict a film's rating from its facts",
    body: filmSchema,
    answer: predictionAnswerSchema,
    refusals: PREDICTION_REFUSALS,
  },
  "/predict/batch": {
    summary: "Predict the ratings of 1 to 1000 films, all or none",
    body: batchSchema,
    answer: batchAnswerSchema,
    refusals: PREDICTION_REFUSALS,
  },
  "/health": { summary: "Is the process alive?", answer: healthSchema, refusals: [] },
  "/ready": {
    summary: "May requests be sent here? 503 while the model is loading and while shutting down",
    answer: readinessSchema,
    refusals: [],
    otherAnswers: { 503: readinessSchema },
  },
  "/model/info": {
    summary: "What the model says of itself: version, algorithm, features, training data",
    answer: modelInfoSchema,
    refusals: [503],
  },
  "/metrics": { summary: "Metrics in Prometheus' text format", answer: null, refusals: [] },
};

/** A route's part of the OpenAPI document, as JSON Schemas. */
export function describeRoute(url: RouteUrl): FastifySchema & { readonly summary: string } {
  const { summary, body, answer, refusals, otherAnswers = {} } = DESCRIPTIONS[url];
  const response: Record<string, object> = { 200: answer === null ? textAnswer() : jsonAnswer("Success", answer) };
  for (const status of [...refusals, 500]) response[status] = jsonAnswer(refusalText(status), errorSchema);
  for (const [status, schema] of Object.entries(otherAnswers)) {
    response[status] = jsonAnswer(refusalText(Number(status)), schema);
  }
  return { summary, ...(body === undefined ? {} : { body: jsonSchema(body, "input") }), response };
}

function refusalText(status: number): string {
  const codes = Object.entries(REFUSALS).filter(([, kind]) => kind.status === status);
  return codes.map(([code]) => code).join(", ");
}

function jsonAnswer(description: string, schema: z.ZodType): object {
  return { description, content: { "application/json": { schema: jsonSchema(schema, "output") } } };
}

function textAnswer(): object {
  return { description: "Success", content: { "text/plain": { schema: { type: "string" } } } };
}

function jsonSchema(schema: z.ZodType, io: "input" | "output"): object {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io });
  return rest;
}
