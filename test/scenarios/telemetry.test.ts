import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { Sandbox } from "./testing/sandbox.ts";

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
}

let sandbox: Sandbox;
let server: Server;
let spans: Span[];

beforeEach(async () => {
  sandbox = new Sandbox();
  sandbox.write(
    "greenlight.config.ts",
    `import { defineProject, pipeline, step } from "greenlight";
     export default defineProject({ name: "films", pipelines: { delivery: pipeline({ stages: {
       one: [step("first", { run: "[ ! -e bad ]" })], two: [step("second", { run: "true" })] } }) } });`,
  );
  spans = [];
  server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = JSON.parse(Buffer.concat(chunks).toString("utf8")) as {
      readonly resourceSpans: readonly { readonly scopeSpans: readonly { readonly spans: readonly Span[] }[] }[];
    };
    spans.push(...body.resourceSpans.flatMap((each) => each.scopeSpans.flatMap((scope) => scope.spans)));
    response.end("{}");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
});

afterEach(async () => {
  server.closeAllConnections();
  server.close();
  await once(server, "close");
  await sandbox.dispose();
});

function collector(): Record<string, string> {
  return { OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

describe("run --otel", () => {
  test("sends the run as one trace, below the span of its caller", async () => {
    const traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    const { status, stderr } = await sandbox.greenlight(["run", "--otel"], {
      ...collector(),
      TRACEPARENT: traceparent,
    });
    expect(stderr).toBe("");
    expect(status).toBe(0);
    expect(spans.map((span) => span.name).toSorted()).toEqual([
      "RUN delivery",
      "first",
      "second",
      "stage one",
      "stage two",
    ]);
    expect(new Set(spans.map((span) => span.traceId))).toEqual(new Set(["0af7651916cd43dd8448eb211c80319c"]));
    expect(spans.find((span) => span.name === "RUN delivery")?.parentSpanId).toBe("b7ad6b7169203331");
  });

  test("without the option nothing is sent", async () => {
    expect((await sandbox.greenlight(["run"], collector())).status).toBe(0);
    expect(spans).toEqual([]);
  });

  test("with a collector that is down ends as the run did, with a warning and soon", async () => {
    const startedAt = performance.now();
    const { status, stdout, stderr } = await sandbox.greenlight(["run", "--otel"], {
      OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:1",
    });
    expect(status).toBe(0);
    expect(stdout).toContain("passed in");
    expect(stderr).toMatch(/^warning: TELEMETRY_UNREACHABLE: http:\/\/127\.0\.0\.1:1: 5 spans/u);
    expect(performance.now() - startedAt).toBeLessThan(9000);
  });

  test("without its libraries says what to install, and runs nothing", async () => {
    const hook = `import { registerHooks } from "node:module";
      registerHooks({ resolve: (name, context, next) => { if (name.startsWith("@opentelemetry/")) throw new Error("not here"); return next(name, context); } });`;
    const { status, stdout, stderr } = await sandbox.greenlight(["run", "--otel"], {
      ...collector(),
      NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hook)}`,
    });
    expect(status).toBe(2);
    expect(stdout).toBe("");
    expect(stderr).toMatch(/TELEMETRY_LIBRARY_MISSING: --otel: [\s\S]*remedy: npm install @opentelemetry/u);
  });
});
