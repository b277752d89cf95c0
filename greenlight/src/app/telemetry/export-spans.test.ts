import { once } from "node:events";
import { createServer, type IncomingHttpHeaders, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";

import type { RunEvent } from "../../engine/event.ts";
import { EventMaker } from "../../engine/testing/make-events.ts";
import { openTelemetry } from "./export-spans.ts";

interface Received {
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: {
    readonly resourceSpans: readonly {
      readonly resource: { readonly attributes: readonly { key: string; value: { stringValue: string } }[] };
      readonly scopeSpans: readonly { readonly spans: readonly Span[] }[];
    }[];
  };
}

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly status: { readonly code: number; readonly message?: string };
  readonly events: readonly { readonly name: string }[];
}

let server: Server;
let received: Received[];
/** Answers that were never read to their end. */
let brokenOff: number;
let answer: "take" | "refuse" | "hang" | "drip";
/** The exporter reads its own variables from the process. */
let before: string | undefined;

beforeEach(async () => {
  received = [];
  brokenOff = 0;
  answer = "take";
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    if (answer === "hang") return;
    if (answer === "drip") {
      response.writeHead(200);
      const timer = setInterval(() => response.write("x"), 50);
      response.on("close", () => {
        clearInterval(timer);
        brokenOff += 1;
      });
      return;
    }
    const body = JSON.parse(Buffer.concat(chunks).toString("utf8")) as Received["body"];
    received.push({ path: request.url ?? "", headers: request.headers, body });
    response.statusCode = answer === "take" ? 200 : 400;
    response.end("{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  before = process.env["OTEL_EXPORTER_OTLP_ENDPOINT"];
  process.env["OTEL_EXPORTER_OTLP_ENDPOINT"] = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(async () => {
  if (before === undefined) delete process.env["OTEL_EXPORTER_OTLP_ENDPOINT"];
  else process.env["OTEL_EXPORTER_OTLP_ENDPOINT"] = before;
  server.closeAllConnections();
  server.close();
  await once(server, "close");
});

function eventsOfRun(stepCount: number): RunEvent[] {
  const events = new EventMaker();
  const names = Array.from({ length: stepCount }, (_, index) => `step ${index}`);
  return [
    events.started({ all: names }),
    ...names.flatMap((name) => [events.stepStarted(10, name), events.stepEnded(20, name)]),
    events.make(30, { type: "run-ended", outcome: "passed", durationMs: 30, pending: [] }),
  ];
}

async function send(events: readonly RunEvent[]) {
  const telemetry = await openTelemetry(process.env);
  for (const event of events) telemetry.onEvent(event);
  const startedAt = performance.now();
  const problem = await telemetry.end();
  return { problem, endMs: performance.now() - startedAt };
}

function spans(): Span[] {
  return received.flatMap(({ body }) =>
    body.resourceSpans.flatMap((each) => each.scopeSpans.flatMap((scope) => scope.spans)),
  );
}

describe("a collector", () => {
  test("gets the run as OTLP over HTTP, whole and by the run's own ids", async () => {
    expect((await send(eventsOfRun(1))).problem).toBeNull();
    expect(received[0]?.path).toBe("/v1/traces");
    expect(received[0]?.headers["content-type"]).toBe("application/json");
    const attributes = received[0]?.body.resourceSpans[0]?.resource.attributes.map(({ key, value }) => [
      key,
      value.stringValue,
    ]);
    expect(Object.fromEntries(attributes ?? [])).toMatchObject({
      "service.name": "greenlight",
      "cicd.pipeline.name": "delivery",
      "cicd.pipeline.run.id": "01run",
    });
    const [step, stage, run] = spans();
    expect([step?.name, stage?.name, run?.name]).toEqual(["step 0", "stage all", "RUN delivery"]);
    expect(step?.parentSpanId).toBe(stage?.spanId);
    expect(stage?.parentSpanId).toBe(run?.spanId);
    expect(run?.kind).toBe(2);
    expect(BigInt(step?.endTimeUnixNano ?? 0) - BigInt(step?.startTimeUnixNano ?? 0)).toBe(10_000_000n);
    expect(step?.events.map((event) => event.name)).toEqual(["attempt"]);
  });

  test("gets a large run in several requests, each span once", async () => {
    expect((await send(eventsOfRun(1000))).problem).toBeNull();
    expect(received.length).toBeGreaterThan(3);
    expect(new Set(spans().map((span) => span.spanId)).size).toBe(1002);
    expect(spans()).toHaveLength(1002);
  });

  test("that is down costs a warning and little time", async () => {
    process.env["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:1";
    const { problem, endMs } = await send(eventsOfRun(400));
    expect(problem).toMatchObject({
      code: "TELEMETRY_UNREACHABLE",
      place: "http://127.0.0.1:1",
      message: expect.stringMatching(/^402 spans of the run did not arrive: /u),
    });
    expect(endMs).toBeLessThan(4000);
  });

  test("that never answers, or refuses, does so too", async () => {
    answer = "hang";
    const slow = await send(eventsOfRun(2));
    expect(slow.problem?.code).toBe("TELEMETRY_UNREACHABLE");
    expect(slow.endMs).toBeLessThan(4000);
    answer = "refuse";
    expect((await send(eventsOfRun(2))).problem?.message).toMatch(/4 spans of the run did not arrive: /u);
  });

  test("that goes on answering for ever is left in the middle, so that the process can end", async () => {
    answer = "drip";
    const { problem, endMs } = await send(eventsOfRun(2));
    expect(problem?.message).toMatch(/^4 spans of the run did not arrive: it did not answer within/u);
    expect(endMs).toBeLessThan(4000);
    await vi.waitFor(() => expect(brokenOff).toBe(1), 5000);
  });
});
