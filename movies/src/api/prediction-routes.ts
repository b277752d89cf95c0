import type { Predictor } from "../model/predictor.ts";
import type { ApiRoute, RouteCall } from "./api-route.ts";
import type { PredictionService } from "./prediction-service.ts";
import { parseBatch, parseFilm, parseQuestion, type Parsed } from "./request-body.ts";
import type { ServiceState } from "./service-state.ts";

/** The three routes that predict. Before the model is loaded they answer 503. */
export function predictionRoutes(service: PredictionService, state: ServiceState): readonly ApiRoute[] {
  return [
    {
      method: "POST",
      url: "/predict",
      handle: (call) =>
        respond(call, state, {
          parse: (body, predictor) => parseQuestion(body, featureNames(predictor)),
          answer: (question, predictor) => stamp(call, service.answer(predictor, question, "/predict")),
        }),
    },
    {
      method: "POST",
      url: "/predict/movie",
      handle: (call) =>
        respond(call, state, {
          parse: parseFilm,
          answer: (film, predictor) => stamp(call, service.answer(predictor, { kind: "film", film }, "/predict/movie")),
        }),
    },
    {
      method: "POST",
      url: "/predict/batch",
      handle: (call) =>
        respond(call, state, {
          parse: parseBatch,
          answer: (films, predictor) => service.answerBatch(predictor, films, "/predict/batch"),
        }),
    },
  ];
}

interface Responder<Value> {
  parse(body: unknown, predictor: Predictor): Parsed<Value>;
  answer(value: Value, predictor: Predictor): unknown;
}

function respond<Value>(call: RouteCall, state: ServiceState, responder: Responder<Value>): unknown {
  const { predictor } = state;
  if (predictor === null) return call.refuse({ code: "NOT_READY", message: "the model is still being loaded" });
  const parsed = responder.parse(call.request.body, predictor);
  return parsed.ok ? responder.answer(parsed.value, predictor) : call.refuse(parsed.refusal);
}

function stamp<Answer extends { readonly predictionId: string }>(call: RouteCall, answer: Answer): Answer {
  call.reply.header("x-prediction-id", answer.predictionId);
  return answer;
}

const namesByPredictor = new WeakMap<Predictor, ReadonlySet<string>>();

function featureNames(predictor: Predictor): ReadonlySet<string> {
  let names = namesByPredictor.get(predictor);
  if (names === undefined) namesByPredictor.set(predictor, (names = new Set(predictor.info.features)));
  return names;
}
