import { describeRoute, healthSchema, modelInfoSchema, readinessSchema } from "./api-description.ts";
import type { ApiRoute } from "./api-route.ts";
import type { Metrics } from "./metrics.ts";
import type { ServiceState } from "./service-state.ts";

export interface ProbeOptions {
  readonly releaseId: string;
  readonly state: ServiceState;
  readonly metrics: Metrics;
}

/** What supervisors, routers and Prometheus ask: alive, ready, which model, how much. */
export function probeRoutes({ releaseId, state, metrics }: ProbeOptions): readonly ApiRoute[] {
  return [
    {
      method: "GET",
      url: "/health",
      describe: () => describeRoute({ summary: "Is the process alive?", answer: healthSchema, refusals: [] }),
      handle: () => ({ status: "alive", releaseId, uptimeSeconds: Math.round(process.uptime() * 1000) / 1000 }),
    },
    {
      method: "GET",
      url: "/ready",
      describe: () =>
        describeRoute({
          summary: "May requests be sent here? 503 while the model is loading and while shutting down",
          answer: readinessSchema,
          refusals: [],
          otherAnswers: { 503: readinessSchema },
        }),
      handle({ reply }) {
        const status = readiness(state);
        reply.code(status === "ready" ? 200 : 503).header("cache-control", "no-store");
        return { status, releaseId, modelVersion: state.predictor?.info.version ?? null };
      },
    },
    {
      method: "GET",
      url: "/model/info",
      describe: () =>
        describeRoute({
          summary: "What the model says of itself: version, algorithm, features, training data",
          answer: modelInfoSchema,
          refusals: [503],
        }),
      handle({ refuse }) {
        const { predictor } = state;
        if (predictor === null) return refuse({ code: "NOT_READY", message: "the model is still being loaded" });
        return { releaseId, modelVersion: predictor.info.version, ...predictor.info };
      },
    },
    {
      method: "GET",
      url: "/metrics",
      describe: () => describeRoute({ summary: "Metrics in Prometheus' text format", answer: null, refusals: [] }),
      async handle({ reply }) {
        reply.header("content-type", metrics.contentType);
        return await metrics.text();
      },
    },
  ];
}

function readiness(state: ServiceState): "ready" | "starting" | "draining" {
  if (state.isDraining) return "draining";
  return state.predictor === null ? "starting" : "ready";
}
