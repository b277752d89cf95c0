import { connect } from "node:net";
import { text } from "node:stream/consumers";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { buildTestApi } from "./testing/test-api.ts";

const JSON_TYPE = { "content-type": "application/json" };

const { app } = buildTestApi();
let port = 0;
beforeAll(async () => {
  port = Number(new URL(await app.listen({ host: "127.0.0.1", port: 0 })).port);
});
afterAll(() => app.close());

function predict(payload: string, headers: Record<string, string> = JSON_TYPE) {
  return app.inject({ method: "POST", url: "/predict", payload, headers });
}

test.each([["{"], ['{"title": "M"'], ["{'title':1}"], ["\u0000"], ["undefined"]])(
  "the malformed JSON %j gets 400 and keeps the connection",
  async (payload) => {
    const answer = await predict(payload);
    expect(answer.statusCode).toBe(400);
    expect(answer.json().error.code).toBe("JSON_MALFORMED");
    expect(answer.headers["connection"]).toBe("keep-alive");
  },
);

test("a body of more than a mebibyte gets 413, one just below is read", async () => {
  const answer = await predict(JSON.stringify({ title: "x".repeat(1024 * 1024) }));
  expect([answer.statusCode, answer.json().error.code]).toEqual([413, "BODY_TOO_LARGE"]);
  const below = await predict(JSON.stringify({ title: "x".repeat(1024 * 1024 - 20) }));
  expect([below.statusCode, below.json().error.fields[0].field]).toEqual([400, "title"]);
});

test.each([
  ["text/plain", {}],
  ["application/x-www-form-urlencoded", {}],
  ["application/xml", {}],
  ["application/json", { "content-encoding": "gzip" }],
])("a body of the type %s %j gets 415", async (type, headers) => {
  const answer = await predict('{"title":"M"}', { "content-type": type, ...headers });
  expect(answer.statusCode).toBe(415);
  expect(answer.json().error).toMatchObject({
    code: "MEDIA_TYPE_UNSUPPORTED",
    remedy: expect.stringContaining("json"),
  });
});

test("a body without a type gets 415", async () => {
  const answer = await exchange(
    "POST /predict HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{}",
  );
  expect(answer).toMatch(/^HTTP\/1\.1 415 .*MEDIA_TYPE_UNSUPPORTED/s);
});

test("JSON with a charset is JSON", async () => {
  expect((await predict('{"title":"M"}', { "content-type": "application/json; charset=utf-8" })).statusCode).toBe(200);
});

test("a key named __proto__ is a field like any other, and unknown", async () => {
  const answer = await predict('{"title":"M","__proto__":{"polluted":true}}');
  expect([answer.statusCode, answer.json().error.fields[0].field]).toEqual([400, "__proto__"]);
  expect(({} as Record<string, unknown>)["polluted"]).toBeUndefined();
});

test("an unknown route gets 404, a known one with another method 405 and Allow", async () => {
  const unknown = await app.inject("/predictions?x=1");
  expect([unknown.statusCode, unknown.json().error.code]).toEqual([404, "ROUTE_UNKNOWN"]);
  for (const [method, url, allow] of [
    ["GET", "/predict?x=1", "POST"],
    ["DELETE", "/predict/movie", "POST"],
    ["POST", "/health", "GET, HEAD"],
    ["PUT", "/docs", "GET, HEAD"],
  ] as const) {
    const answer = await app.inject({ method, url });
    expect([answer.statusCode, answer.json().error.code, answer.headers["allow"]]).toEqual([
      405,
      "METHOD_NOT_ALLOWED",
      allow,
    ]);
  }
});

test("a path that is no URL gets 400 as JSON", async () => {
  const answer = await app.inject("/%c0");
  expect([answer.statusCode, answer.json().error.code]).toEqual([400, "REQUEST_INVALID"]);
});

describe("what never becomes a request is answered too, and the connection closed", () => {
  test("bytes that are no HTTP", async () => {
    expect(await exchange("no http at all\r\n\r\n")).toMatch(/^HTTP\/1\.1 400 .*"code":"REQUEST_INVALID"/s);
  });

  test("headers beyond 16 KiB", async () => {
    const answer = await exchange(`GET /health HTTP/1.1\r\nx-long: ${"x".repeat(20_000)}\r\n\r\n`);
    expect(answer).toMatch(/^HTTP\/1\.1 431 .*"code":"HEADERS_TOO_LARGE"/s);
  });

  test("a body that is shorter than declared, whose sender goes", async () => {
    const answer = await exchange("POST /predict HTTP/1.1\r\ncontent-length: x\r\n\r\n");
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
  });
});

function exchange(bytes: string): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  socket.write(bytes);
  return text(socket);
}
