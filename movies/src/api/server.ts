import fastify, { LogController, type FastifyInstance, type FastifyReply, type FastifyServerOptions } from "fastify";

import { filmFactsSchema } from "../films/film.ts";
import type { ApiRoute } from "./api-route.ts";
import { addDocs } from "./docs.ts";
import { answerBrokenConnection, answerErrors, answerUnknownRoutes, refusalOf, type Refuse } from "./error-answers.ts";
import { readJsonBodies } from "./json-body.ts";
import type { Metrics } from "./metrics.ts";
import type { PredictionLog } from "./prediction-log.ts";
import { predictionRoutes } from "./prediction-routes.ts";
import { PredictionService } from "./prediction-service.ts";
import { probeRoutes } from "./probe-routes.ts";
import { REFUSALS, refusalBody } from "./refusal.ts";
import type { ServiceState } from "./service-state.ts";
import type { LogLevel } from "./settings.ts";

const MAX_BODY_BYTES = 1024 * 1024;

// Longer than the idle time of common proxies (60 s), so that it is the proxy that closes and no request meets a closed connection.
const KEEP_ALIVE_TIMEOUT_MS = 65_000;
const HEADERS_TIMEOUT_MS = 20_000;
const REQUEST_TIMEOUT_MS = 30_000;

export interface ServerOptions {
  readonly releaseId: string;
  readonly state: ServiceState;
  readonly metrics: Metrics;
  readonly log: PredictionLog;
  /** Of the lines of JSON on the standard output. */
  readonly logLevel: LogLevel;
}

/** The API, not yet listening. Every answer but those of /metrics and /docs is JSON. */
export function buildServer(options: ServerOptions): FastifyInstance {
  const { releaseId, state, metrics, log } = options;
  const refuse = refuser(metrics);
  const app = newFastify(options.logLevel, refuse);
  const service = new PredictionService({ releaseId, metrics, log });
  const routes = [...predictionRoutes(service, state), ...probeRoutes({ releaseId, state, metrics })];
  readJsonBodies(app);
  addHooks(app, options);
  for (const route of routes) addRoute(app, route, refuse);
  addDocs(app, { routes, releaseId });
  answerUnknownRoutes(app, [...routes, { method: "GET", url: "/docs" }, { method: "GET", url: "/docs/json" }], refuse);
  answerErrors(app, refuse);
  return app;
}

function newFastify(level: LogLevel, refuse: Refuse): FastifyInstance {
  return fastify({
    logger: level === "silent" ? false : { ...LOGGER, level },
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: MAX_BODY_BYTES,
    keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
    requestTimeout: REQUEST_TIMEOUT_MS,
    http: { headersTimeout: HEADERS_TIMEOUT_MS },
    // What comes in on an open connection while the service shuts down is answered like any other request.
    return503OnClosing: false,
    clientErrorHandler: answerBrokenConnection,
    frameworkErrors: (error, request, reply) => {
      const anyReply = reply as unknown as FastifyReply;
      void anyReply.send(refuse(anyReply, refusalOf(error, request)));
    },
    schemaController: NO_COMPILERS,
  });
}

const LOGGER = {
  base: null,
  formatters: { level: (label: string) => ({ level: label }) },
  timestamp: () => `,"at":"${new Date().toISOString()}"`,
};

// Requests are checked with zod and answers are plain JSON. Without these two, fastify would load ajv and its like at start, a
// quarter of the start-up time. The types know only ajv's own compilers.
const NO_COMPILERS = {
  compilersFactory: { buildValidator: () => () => () => true, buildSerializer: () => () => JSON.stringify },
} as unknown as NonNullable<FastifyServerOptions["schemaController"]>;

function addHooks(app: FastifyInstance, { releaseId, state, metrics }: ServerOptions): void {
  app.addHook("onRequest", (_request, reply, done) => {
    reply.header("x-release-id", releaseId);
    // Tells clients that keep connections open to leave before the service does.
    if (state.isDraining) reply.header("connection", "close");
    done();
  });
  app.addHook("onResponse", (request, reply, done) => {
    const route = request.routeOptions.url ?? "(unknown)";
    const seconds = reply.elapsedTime / 1000;
    metrics.observeRequest({ route, method: request.method, status: reply.statusCode, seconds });
    done();
  });
}

function addRoute(app: FastifyInstance, route: ApiRoute, refuse: Refuse): void {
  app.route({
    method: route.method,
    url: route.url,
    handler: (request, reply) => route.handle({ request, reply, refuse: (refusal) => refuse(reply, refusal) }),
  });
}

function refuser(metrics: Metrics): Refuse {
  return (reply, refusal) => {
    for (const { field } of refusal.fields ?? []) metrics.countInvalidField(fieldLabel(field));
    reply.code(REFUSALS[refusal.code].status);
    return refusalBody(refusal);
  };
}

// Callers choose field names freely; the metric's label keeps to those that the API has.
function fieldLabel(field: string): string {
  if (field === "features" || field.startsWith("features.")) return "features";
  const name = field.replace(/^film\./, "");
  return FIELD_LABELS.has(name) ? name : "(unknown)";
}

const FIELD_LABELS: ReadonlySet<string> = new Set([...Object.keys(filmFactsSchema.shape), "film", "films", "(body)"]);
