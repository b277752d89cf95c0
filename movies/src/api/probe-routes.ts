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
      handle: () => ({ status: "alive", releaseId, uptimeSeconds: Math.round(process.uptime() * 1000) / 1000 }),
    },
    {
      method: "GET",
      url: "/ready",
      handle({ reply }) {
        const status = readiness(state);
        reply.code(status === "ready" ? 200 : 503).header("cache-control", "no-store");
        return { status, releaseId, modelVersion: state.predictor?.info.version ?? null };
      },
    },
    {
      method: "GET",
      url: "/model/info",
      handle({ refuse }) {
        const { predictor } = state;
        if (predictor === null) return refuse({ code: "NOT_READY", message: "the model is still being loaded" });
        return { releaseId, modelVersion: predictor.info.version, ...predictor.info };
      },
    },
    {
      method: "GET",
      url: "/metrics",
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
