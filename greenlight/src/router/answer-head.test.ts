import { describe, expect, test } from "vitest";

import { parseAnswerHead } from "./answer-head.ts";

const head = (...lines: string[]): string => lines.join("\r\n");

describe("the head of an answer", () => {
  test("is read: status, reason, headers in their order with lower names, repeated ones as a list", () => {
    const text = head(
      "HTTP/1.1 201 Made it so",
      "Content-Type:application/json",
      "Content-Length: \t7 ",
      "Set-Cookie: a=1",
      "X-Empty:",
      "set-cookie: b=2; x",
      "constructor: c",
      "__proto__: d",
    );
    const read = parseAnswerHead(text, "POST");
    expect(read).toMatchObject({ status: 201, message: "Made it so", framing: 7, keptMs: Infinity });
    expect(Object.entries(read?.headers ?? {})).toEqual([
      ["content-type", "application/json"],
      ["content-length", "7"],
      ["set-cookie", ["a=1", "b=2; x"]],
      ["x-empty", ""],
      ["constructor", "c"],
      ["__proto__", "d"],
    ]);
  });

  test("loses what was for this connection alone", () => {
    const text = head("HTTP/1.1 200 OK", "Connection: keep-alive", "Keep-Alive: timeout=5, max=9", "Content-Length: 0");
    expect(parseAnswerHead(text, "GET")).toMatchObject({ keptMs: 5000, headers: { "content-length": "0" } });
    expect(Object.keys(parseAnswerHead(text, "GET")?.headers ?? {})).toEqual(["content-length"]);
  });

  test("keeps a list of headers that are for this connection alone, as others must take them away", () => {
    const text = head("HTTP/1.1 200 OK", "Connection: X-Mine, keep-alive", "X-Mine: 1", "Content-Length: 0");
    expect(parseAnswerHead(text, "GET")).toMatchObject({
      keptMs: Infinity,
      headers: { connection: "X-Mine, keep-alive", "x-mine": "1" },
    });
  });

  test.each([
    ["its length", "GET", ["HTTP/1.1 200 OK", "Content-Length: 12"], 12],
    ["the same length twice", "GET", ["HTTP/1.1 200 OK", "Content-Length: 12", "Content-Length: 12"], 12],
    ["chunks", "GET", ["HTTP/1.1 200 OK", "Transfer-Encoding: Chunked"], "chunks"],
    ["the connection", "GET", ["HTTP/1.1 200 OK"], "close"],
    ["the connection of HTTP/1.0", "GET", ["HTTP/1.0 200 OK"], "close"],
    ["nothing, as it answers HEAD", "HEAD", ["HTTP/1.1 200 OK", "Content-Length: 12"], 0],
    ["nothing, as it answers HEAD with chunks", "HEAD", ["HTTP/1.1 200 OK", "Transfer-Encoding: chunked"], 0],
    ["nothing, as it has no content", "GET", ["HTTP/1.1 204 No Content"], 0],
    ["nothing, as it is not modified", "GET", ["HTTP/1.1 304 Not Modified", "Content-Length: 12"], 0],
    ["nothing, as it is interim", "GET", ["HTTP/1.1 103 Early Hints", "Link: </a.css>"], 0],
  ])("tells where the body ends: %s", (_what, method, lines, framing) => {
    expect(parseAnswerHead(head(...lines), method)?.framing).toBe(framing);
  });

  test.each([
    ["the service closes", ["HTTP/1.1 200 OK", "Connection: close", "Content-Length: 0"], 0],
    ["it is HTTP/1.0", ["HTTP/1.0 200 OK", "Content-Length: 0"], 0],
    ["its body ends with the connection", ["HTTP/1.1 200 OK"], 0],
    ["a bound is told", ["HTTP/1.1 200 OK", "Content-Length: 0", "Keep-Alive: max=3, timeout=2"], 2000],
    ["nothing is said", ["HTTP/1.1 200 OK", "Content-Length: 0"], Infinity],
  ])("tells how long the connection is kept: %s", (_what, lines, keptMs) => {
    expect(parseAnswerHead(head(...lines), "GET")?.keptMs).toBe(keptMs);
  });

  test("may be without a reason", () => {
    expect(parseAnswerHead("HTTP/1.1 200", "GET")).toMatchObject({ status: 200, message: "" });
    expect(parseAnswerHead("HTTP/1.1 200 ", "GET")).toMatchObject({ status: 200, message: "" });
  });

  test.each([
    ["another protocol", ["HTTP/2 200 OK"]],
    ["another version", ["HTTP/1.2 200 OK"]],
    ["no status", ["HTTP/1.1"]],
    ["a status that is no number", ["HTTP/1.1 2e2 OK"]],
    ["a status of four digits", ["HTTP/1.1 2000 OK"]],
    ["a status below 100", ["HTTP/1.1 099 OK"]],
    ["two spaces", ["HTTP/1.1  200 OK"]],
    ["a control character in the reason", ["HTTP/1.1 200 O\u0001K"]],
    ["a line feed alone", ["HTTP/1.1 200 OK", "a: 1\nb: 2"]],
    ["a carriage return alone", ["HTTP/1.1 200 OK", "a: 1\rb: 2"]],
    ["a NUL", ["HTTP/1.1 200 OK", "a: \0"]],
    ["a line without a colon", ["HTTP/1.1 200 OK", "nonsense", "a: 1"]],
    ["no name", ["HTTP/1.1 200 OK", ": 1"]],
    ["a space before the colon", ["HTTP/1.1 200 OK", "content-length : 1"]],
    ["a folded line", ["HTTP/1.1 200 OK", "a: 1", " b: 2"]],
    ["an empty line", ["HTTP/1.1 200 OK", "", "a: 1"]],
    ["two lengths", ["HTTP/1.1 200 OK", "Content-Length: 1", "Content-Length: 2"]],
    ["a list of lengths", ["HTTP/1.1 200 OK", "Content-Length: 1, 1"]],
    ["a negative length", ["HTTP/1.1 200 OK", "Content-Length: -1"]],
    ["a signed length", ["HTTP/1.1 200 OK", "Content-Length: +1"]],
    ["a length in hexadecimal digits", ["HTTP/1.1 200 OK", "Content-Length: 0x1"]],
    ["an empty length", ["HTTP/1.1 200 OK", "Content-Length:"]],
    ["a length beyond all bounds", ["HTTP/1.1 200 OK", "Content-Length: 9999999999999999"]],
    ["a length beside chunks", ["HTTP/1.1 200 OK", "Content-Length: 1", "Transfer-Encoding: chunked"]],
    ["another coding", ["HTTP/1.1 200 OK", "Transfer-Encoding: gzip, chunked"]],
    ["chunks twice", ["HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "Transfer-Encoding: chunked"]],
    ["chunks in HTTP/1.0", ["HTTP/1.0 200 OK", "Transfer-Encoding: chunked"]],
    ["a change of protocol that nobody asked for", ["HTTP/1.1 101 Switching Protocols", "Upgrade: x"]],
  ])("is refused with %s", (_what, lines) => {
    expect(parseAnswerHead(head(...lines), "GET")).toBeNull();
  });
});
