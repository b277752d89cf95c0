import type { ReadableSpan } from "@opentelemetry/sdk-trace";

import { problem, ProblemError, type Problem } from "../../base/problem.ts";
import type { RunEvent } from "../../engine/event.ts";
import { RunSpans, type Attributes, type SpanData } from "./run-spans.ts";
import { SentRequests } from "./sent-requests.ts";

/** Spans are sent so many at a time; more than so many are not kept while the collector is slow. */
const BATCH_SIZE = 256;
const MOST_KEPT = 8192;
const REQUEST_TIMEOUT_MS = 2500;
/** The most that it costs after the run: what is under way then is broken off, because it would hold the process. */
const END_TIMEOUT_MS = 2500;
const USER_AGENT = "greenlight";

export interface Telemetry {
  recall(event: RunEvent): void;
  onEvent(event: RunEvent): void;
  /** Sends what is left. Never rejects; answers what kept spans from arriving, which spoils nothing. */
  end(): Promise<Problem | null>;
}

/**
 * Sends a run as a trace to an OTLP/HTTP collector, which the usual variables name (OTEL_EXPORTER_OTLP_ENDPOINT and
 * _HEADERS, OTEL_SERVICE_NAME, OTEL_RESOURCE_ATTRIBUTES). Throws TELEMETRY_LIBRARY_MISSING.
 */
export async function openTelemetry(env: Readonly<Record<string, string | undefined>>): Promise<Telemetry> {
  const { exporter, resources, api } = await importLibraries();
  const sender = new exporter.OTLPTraceExporter({ timeoutMillis: REQUEST_TIMEOUT_MS, userAgent: USER_AGENT });
  const requests = new SentRequests(`${USER_AGENT} `);
  const spans = new RunSpans({ traceparent: env["TRACEPARENT"], url: runUrl(env) });
  const environment = resources.detectResources({ detectors: [resources.envDetector] });
  const waiting: SpanData[] = [];
  let lostCount = 0;
  let failure: string | null = null;
  let sending: Promise<void> | null = null;
  let underWayCount = 0;
  const hasFailed = (): boolean => failure !== null;

  const convert = (span: SpanData, attributes: Attributes): ReadableSpan => {
    const service = { "service.name": "greenlight", ...attributes };
    return toReadable(span, { resource: resources.resourceFromAttributes(service).merge(environment), api });
  };
  const send = async (): Promise<void> => {
    const batch = waiting.splice(0, BATCH_SIZE);
    underWayCount = batch.length;
    const { resource } = spans;
    const error = await new Promise<Error | null>((resolve) => {
      sender.export(
        batch.map((span) => convert(span, resource)),
        (result) => resolve(result.code === 0 ? null : (result.error ?? new Error("not accepted"))),
      );
    });
    underWayCount = 0;
    if (error === null) return;
    failure = describe(error);
    // They are tried once more at the end.
    waiting.unshift(...batch);
  };
  const sendNow = (): Promise<void> => {
    sending ??= send().finally(() => {
      sending = null;
    });
    return sending;
  };
  return {
    recall: (event) => spans.recall(event),
    onEvent: (event) => {
      waiting.push(...spans.apply(event));
      if (waiting.length > MOST_KEPT) lostCount += waiting.splice(0, waiting.length - MOST_KEPT).length;
      if (waiting.length >= BATCH_SIZE && sending === null && failure === null) void sendNow();
    },
    end: async () => {
      const rest = async (): Promise<void> => {
        await sending;
        failure = null;
        while (waiting.length > 0 && !hasFailed()) await sendNow();
      };
      const isInTime = await endsWithin(rest(), END_TIMEOUT_MS);
      const missingCount = waiting.length + underWayCount + lostCount;
      requests.end();
      if (isInTime && failure === null && lostCount === 0) return null;
      const why = failure ?? (isInTime ? "it took them too slowly" : `it did not answer within ${END_TIMEOUT_MS} ms`);
      const message = `${missingCount} spans of the run did not arrive: ${why}`;
      return problem("TELEMETRY_UNREACHABLE", { place: endpointOf(env), message });
    },
  };
}

type Libraries = Awaited<ReturnType<typeof importLibraries>>;

async function importLibraries() {
  try {
    const [exporter, resources, api] = await Promise.all([
      import("@opentelemetry/exporter-trace-otlp-http"),
      import("@opentelemetry/resources"),
      import("@opentelemetry/api"),
    ]);
    return { exporter, resources, api };
  } catch (error) {
    const message = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    throw new ProblemError([problem("TELEMETRY_LIBRARY_MISSING", { place: "--otel", message })], { cause: error });
  }
}

function toReadable(
  span: SpanData,
  on: { readonly resource: ReadableSpan["resource"]; readonly api: Libraries["api"] },
): ReadableSpan {
  const { SpanKind, SpanStatusCode, TraceFlags } = on.api;
  const context = { traceId: span.traceId, spanId: span.spanId, traceFlags: TraceFlags.SAMPLED };
  const { parent } = span;
  return {
    name: span.name,
    kind: span.kind === "server" ? SpanKind.SERVER : SpanKind.INTERNAL,
    spanContext: () => context,
    ...(parent === null ? {} : { parentSpanContext: { ...parent, traceFlags: TraceFlags.SAMPLED } }),
    startTime: hrTime(span.startMs),
    endTime: hrTime(span.endMs),
    duration: hrTime(span.endMs - span.startMs),
    status: span.error === null ? { code: SpanStatusCode.UNSET } : { code: SpanStatusCode.ERROR, message: span.error },
    attributes: { ...span.attributes },
    links: span.links.map((link) => ({ context: { ...link, traceFlags: TraceFlags.SAMPLED } })),
    events: span.events.map(({ name, atMs, attributes }) => ({
      name,
      time: hrTime(atMs),
      attributes: { ...attributes },
    })),
    ended: true,
    resource: on.resource,
    instrumentationScope: { name: "greenlight" },
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

/** Seconds and nanoseconds. */
function hrTime(ms: number): [number, number] {
  const seconds = Math.floor(ms / 1000);
  return [seconds, Math.round((ms - seconds * 1000) * 1_000_000)];
}

/** The page of the run on a code host that runs it. */
function runUrl(env: Readonly<Record<string, string | undefined>>): string | null {
  const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository, GITHUB_RUN_ID: id } = env;
  return server === undefined || repository === undefined || id === undefined
    ? null
    : `${server}/${repository}/actions/runs/${id}`;
}

function endpointOf(env: Readonly<Record<string, string | undefined>>): string {
  const named = env["OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] ?? env["OTEL_EXPORTER_OTLP_ENDPOINT"];
  return named ?? "http://localhost:4318";
}

function describe(error: Error & { readonly errors?: readonly Error[] }): string {
  // A host with several addresses fails with one error for each of them.
  return error.message === "" ? (error.errors?.[0]?.message ?? "it can't be reached") : error.message;
}

async function endsWithin(work: Promise<void>, limitMs: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const timer = setTimeout(() => resolve(false), limitMs);
  try {
    return await Promise.race([work.then(() => true), promise]);
  } finally {
    clearTimeout(timer);
  }
}
