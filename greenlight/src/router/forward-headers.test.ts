import type { IncomingMessage } from "node:http";

import { describe, expect, test } from "vitest";

import { requestHeaders, responseHeaders } from "./forward-headers.ts";

function request(pairs: readonly (readonly [string, string])[], peer = "203.0.113.9"): IncomingMessage {
  const headers = Object.fromEntries(pairs.map(([name, value]) => [name.toLowerCase(), value]));
  return { rawHeaders: pairs.flat(), headers, socket: { remoteAddress: peer } } as unknown as IncomingMessage;
}

function asObject(flat: readonly string[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (let index = 0; index < flat.length; index += 2) found[flat[index] ?? ""] = flat[index + 1] ?? "";
  return found;
}

describe("headers on their way to the service", () => {
  test("keep their names, values and order, repeated ones too", () => {
    const pairs = [
      ["Host", "films.example"],
      ["X-Twice", "1"],
      ["Accept", "*/*"],
      ["X-Twice", "2"],
    ] as const;
    expect(requestHeaders(request(pairs)).slice(0, 8)).toEqual(pairs.flat());
  });

  test("lose what is meant for one connection only, and what the connection header lists", () => {
    const sent = asObject(
      requestHeaders(
        request([
          ["Host", "a"],
          ["Connection", "close, X-Private"],
          ["Keep-Alive", "timeout=5"],
          ["TE", "trailers"],
          ["Transfer-Encoding", "chunked"],
          ["Upgrade", "h2c"],
          ["Expect", "100-continue"],
          ["Proxy-Authorization", "secret"],
          ["X-Private", "1"],
          ["X-Public", "2"],
        ]),
      ),
    );
    expect(Object.keys(sent)).toEqual(["Host", "X-Public", "x-forwarded-for", "x-forwarded-host", "x-forwarded-proto"]);
  });

  test("can't be stripped of length, host or credentials by a connection header", () => {
    const sent = asObject(
      requestHeaders(
        request([
          ["Host", "a"],
          ["Content-Length", "3"],
          ["Authorization", "x"],
          ["Connection", "content-length, host, authorization"],
        ]),
      ),
    );
    expect(sent).toMatchObject({ Host: "a", "Content-Length": "3", Authorization: "x" });
  });

  test("say who the client is, and a stranger's own word on that is not believed", () => {
    const claims = [
      ["Host", "films.example"],
      ["X-Forwarded-For", "10.0.0.1"],
      ["X-Forwarded-Proto", "https"],
    ] as const;
    expect(asObject(requestHeaders(request(claims)))).toMatchObject({
      "x-forwarded-for": "203.0.113.9",
      "x-forwarded-proto": "http",
      "x-forwarded-host": "films.example",
    });
    expect(asObject(requestHeaders(request(claims, "127.0.0.1")))).toMatchObject({
      "x-forwarded-for": "10.0.0.1, 127.0.0.1",
      "x-forwarded-proto": "https",
    });
  });
});

describe("headers on their way to the client", () => {
  test("lose what is meant for one connection only", () => {
    const headers = {
      "content-type": "text/plain",
      "set-cookie": ["a=1", "b=2"],
      connection: "keep-alive, x-private",
      "keep-alive": "timeout=5",
      "transfer-encoding": "chunked",
      "x-private": "1",
    };
    expect(responseHeaders(headers)).toEqual({ "content-type": "text/plain", "set-cookie": ["a=1", "b=2"] });
  });
});
