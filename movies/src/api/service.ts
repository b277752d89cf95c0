import type { FastifyInstance } from "fastify";

import { InputProblem } from "../films/problem.ts";
import { loadPredictor, type Predictor } from "../model/predictor.ts";
import { drain, type DrainLimits } from "./drain.ts";
import { createMetrics, type Metrics } from "./metrics.ts";
import { noPredictionLog, openPredictionLog, type PredictionLog } from "./prediction-log.ts";
import { buildServer } from "./server.ts";
import type { ServiceState } from "./service-state.ts";
import type { Settings } from "./settings.ts";
import { StartError, type StartProblem } from "./start-problem.ts";

const DRAIN_LIMITS: DrainLimits = { lingerMs: 300, deadlineMs: 10_000 };
const LOG_WARNING_INTERVAL_MS = 60_000;

/** The service while it runs. */
export interface RunningService {
  /** With the port that was bound. */
  readonly url: string;
  /** Drains, flushes the prediction log, and gives the number of connections that had to be cut. */
  stop(): Promise<number>;
}

/**
 * Listens, then loads the model; resolves when predictions are served. Rejects with a StartError when the address
 * can't be bound or the file is no model, and leaves nothing listening.
 */
export async function startService(settings: Settings, limits: DrainLimits = DRAIN_LIMITS): Promise<RunningService> {
  const { releaseId, logLevel } = settings;
  const state: ServiceState = { predictor: null, isDraining: false };
  const metrics = createMetrics();
  const log = openLog(settings.predictionLogPath, metrics, (cause) => {
    app.log.warn({ err: cause, path: settings.predictionLogPath }, "the prediction log can't be written");
  });
  const app = buildServer({ releaseId, state, metrics, log, logLevel });
  const url = await listen(app, settings);
  try {
    state.predictor = await load(settings.modelPath);
  } catch (cause) {
    await app.close();
    throw cause;
  }
  const modelVersion = state.predictor.info.version;
  metrics.setBuild({ releaseId, modelVersion });
  app.log.info({ releaseId, modelVersion, startedInMs: Math.round(performance.now()) }, "ready");
  return {
    url,
    async stop() {
      const cutCount = await drain(app, state, limits);
      await log.close();
      app.log.info({ cutCount }, "stopped");
      return cutCount;
    },
  };
}

async function listen(app: FastifyInstance, { host, port }: Settings): Promise<string> {
  try {
    return await app.listen({ host, port, listenTextResolver: (address) => `listening on ${address}` });
  } catch (cause) {
    await app.close();
    throw new StartError([listenProblem(cause as NodeJS.ErrnoException, `${host}:${port}`)], { cause });
  }
}

function listenProblem(cause: NodeJS.ErrnoException, place: string): StartProblem {
  if (cause.code === "EADDRINUSE") {
    return {
      code: "PORT_TAKEN",
      place,
      message: "another process listens there",
      remedy: "stop it, or set another PORT",
    };
  }
  const message = `can't be bound (${cause.code ?? cause.message})`;
  return { code: "ADDRESS_UNAVAILABLE", place, message, remedy: "set HOST and PORT to an address of this machine" };
}

async function load(path: string): Promise<Predictor> {
  try {
    return await loadPredictor(path);
  } catch (cause) {
    if (!(cause instanceof InputProblem)) throw cause;
    const { code, place, remedy } = cause;
    // Its message holds code, place and remedy around what is wrong.
    const message = cause.message.replace(`${code}: ${place}: `, "").replace(`; ${remedy}`, "");
    throw new StartError([{ code: "MODEL_INVALID", place, message, remedy }], { cause });
  }
}

function openLog(path: string | null, metrics: Metrics, warn: (cause: unknown) => void): PredictionLog {
  if (path === null) return noPredictionLog;
  let nextWarningMs = 0;
  return openPredictionLog({
    path,
    onDropped: (count) => metrics.countDroppedLogLines(count),
    onFailure(cause) {
      metrics.countLogFailure();
      if (performance.now() < nextWarningMs) return;
      nextWarningMs = performance.now() + LOG_WARNING_INTERVAL_MS;
      warn(cause);
    },
  });
}
