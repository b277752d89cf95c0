import { once } from "node:events";
import type { IncomingHttpHeaders } from "node:http";

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { RouterRig } from "./testing/router-rig.ts";

const HOST = "Host: films\r\n";
const HIDDEN = "GET /hidden HTTP/1.1\r\nHost: films\r\n\r\n";
const LAST = "Host: films\r\nConnection: close\r\n";

interface Seen {
  readonly line: string;
  readonly headers: IncomingHttpHeaders;
  readonly hosts: readonly string[];
  readonly body: string;
}

/** RFC 9112, spoken to the router over a bare socket. */
describe("a request that is not to the letter", () => {
  let rig: RouterRig;
  const seen: Seen[] = [];
  beforeAll(async () => {
    rig = await RouterRig.start({ limits: { bodyLimitBytes: 1_000_000 } });
    const { port } = await rig.service((request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        const { rawHeaders, headers } = request;
        const hosts = rawHeaders.filter((_, index) => rawHeaders[index - 1]?.toLowerCase() === "host");
        const body = Buffer.concat(chunks).toString();
        seen.push({ line: `${request.method} ${request.url}`, headers, hosts, body });
        response.end("ok");
      });
    });
    await rig.route("a", port);
  });
  afterAll(() => rig.end());
  beforeEach(() => void seen.splice(0));

  /** All statuses that come back until the router closes the connection. */
  async function speak(text: string): Promise<number[]> {
    const socket = rig.connect();
    let answer = "";
    socket.on("data", (chunk: Buffer) => (answer += chunk.toString("latin1")));
    socket.write(Buffer.from(text, "latin1"));
    // A client that goes on sending may be reset.
    await new Promise((resolve) => socket.once("close", resolve));
    return [...answer.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => Number(match[1]));
  }

  const post = (headers: string, body: string): string => `POST / HTTP/1.1\r\n${HOST}${headers}\r\n\r\n${body}`;
  const chunked = (body: string): string => post("Transfer-Encoding: chunked", body);
  const get = (target: string, headers = HOST): string => `GET ${target} HTTP/1.1\r\n${headers}\r\n`;

  test.each<readonly [string, string, number]>([
    ["a length beside chunks", post("Content-Length: 5\r\nTransfer-Encoding: chunked", "0\r\n\r\n"), 400],
    ["chunks beside a length", post("Transfer-Encoding: chunked\r\nContent-Length: 5", "0\r\n\r\n"), 400],
    ["two equal lengths", post("Content-Length: 1\r\nContent-Length: 1", "a"), 400],
    ["two lengths", post("Content-Length: 1\r\nContent-Length: 2", "a"), 400],
    ["a list of lengths", post("Content-Length: 1, 1", "a"), 400],
    ["a signed length", post("Content-Length: +1", "a"), 400],
    ["a length in hexadecimal", post("Content-Length: 0x1", "a"), 400],
    ["an empty length", post("Content-Length:", ""), 400],
    ["a length past all bounds", post("Content-Length: 99999999999999999999999", "a"), 400],
    ["a folded header", get("/", `${HOST}X-A: b\r\n c\r\n`), 400],
    ["a folded transfer coding", post("Transfer-Encoding:\r\n chunked", "0\r\n\r\n"), 400],
    ["bare line feeds", "GET / HTTP/1.1\nHost: films\n\n", 400],
    ["one bare line feed", "GET / HTTP/1.1\r\nHost: films\nX: y\r\n\r\n", 400],
    ["a bare carriage return", get("/", `${HOST}X: a\rb\r\n`), 400],
    ["a NUL", get("/", `${HOST}X: a\0b\r\n`), 400],
    ["a chunk size that is no number", chunked("zz\r\n"), 400],
    ["a chunk size with 0x", chunked("0x1\r\na\r\n0\r\n\r\n"), 400],
    ["a signed chunk size", chunked("+1\r\na\r\n0\r\n\r\n"), 400],
    ["a chunk size past all bounds", chunked("fffffffffffffffff1\r\na\r\n0\r\n\r\n"), 400],
    ["a chunk size ended by a bare line feed", chunked("1\na\r\n0\r\n\r\n"), 400],
    ["a line feed in a chunk extension", chunked("1;a\nxx\r\na\r\n0\r\n\r\n"), 400],
    ["a chunk longer than its size", chunked("1\r\nabc\r\n0\r\n\r\n"), 400],
    ["chunk extensions past their bound", chunked(`1;${"a".repeat(20_000)}\r\na\r\n0\r\n\r\n`), 413],
    ["a length among the trailers", chunked("1\r\na\r\n0\r\nContent-Length: 5\r\n\r\n"), 400],
    ["a space before the colon", get("/", `${HOST}X : y\r\n`), 400],
    ["a space before the colon of a length", post("Content-Length : 1", "a"), 400],
    ["a header that begins with a space", `GET / HTTP/1.1\r\n X: y\r\n${HOST}\r\n`, 400],
    ["a header with a name that is none", get("/", `${HOST}X(: y\r\n`), 400],
    ["a header without a colon", get("/", `${HOST}nonsense\r\n`), 400],
    ["an unknown method", `FOO / HTTP/1.1\r\n${HOST}\r\n`, 400],
    ["a method in lower case", `get / HTTP/1.1\r\n${HOST}\r\n`, 400],
    ["a target with a space", get("/a b"), 400],
    ["a target with a control character", get("/a\x01b"), 400],
    ["a target with a byte past ASCII", get("/\xe9"), 400],
    ["a target with a fragment", get("/a#b"), 400],
    ["no target", get(""), 400],
    ["a star for a target", get("*"), 400],
    ["an authority for a target", get("example.com:443"), 400],
    ["a target with credentials", get("http://user:secret@films/"), 400],
    ["a target of another scheme", get("ftp://films/"), 400],
    ["an unknown version", `GET / HTTP/1.2\r\n${HOST}\r\n`, 400],
    ["HTTP/2 in the clear", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400],
    ["TLS on a plain port", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", 400],
    ["chunks in HTTP/1.0", `POST / HTTP/1.0\r\n${HOST}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`, 400],
    ["no host", get("/", ""), 400],
    ["two hosts", get("/", "Host: a\r\nHost: b\r\n"), 400],
    ["the same host twice", get("/", `${HOST}${HOST}`), 400],
    ["a host that is none", get("/", "Host: a b@/\r\n"), 400],
    ["a host and a path", get("/", "Host: films/x\r\n"), 400],
    ["another coding before chunked", post("Transfer-Encoding: gzip, chunked", "1\r\na\r\n0\r\n\r\n"), 501],
    [
      "another coding on a line before",
      post("Transfer-Encoding: identity\r\nTransfer-Encoding: chunked", "0\r\n\r\n"),
      501,
    ],
    ["another coding", post("Transfer-Encoding: gzip", "abc"), 501],
    ["chunked twice", post("Transfer-Encoding: chunked, chunked", "0\r\n\r\n"), 400],
    ["another coding after chunked", post("Transfer-Encoding: chunked, identity", "0\r\n\r\n"), 400],
    ["a coding that only looks like chunked", post("Transfer-Encoding: xchunked", "0\r\n\r\n"), 501],
    ["a vertical tab before chunked", post("Transfer-Encoding: \x0bchunked", "0\r\n\r\n"), 400],
    ["129 headers", get("/", HOST + "a: \r\n".repeat(128)), 431],
    ["a head past its bound", get("/", `${HOST}X: ${"a".repeat(20_000)}\r\n`), 431],
    ["a target past its bound", get(`/${"a".repeat(20_000)}`), 431],
    ["CONNECT", `CONNECT films:443 HTTP/1.1\r\n${HOST}\r\n`, 501],
    ["an expectation that nobody knows", post("Expect: wonders\r\nContent-Length: 1", "a"), 417],
  ])("is refused, and nothing behind it is taken for a request: %s", async (_name, text, status) => {
    expect(await speak(text + HIDDEN)).toEqual([status]);
    // What was cut off in the middle of its body may have begun at the service, but has never ended there.
    expect(seen).toEqual([]);
  });

  test("is not let through for the sake of those before it", async () => {
    expect(await speak(`${get("/first")}${get("/", "Host: a\r\nHost: b\r\n")}${HIDDEN}`)).toEqual([200, 400]);
    expect(seen.map(({ line }) => line)).toEqual(["GET /first"]);
  });

  describe("but one that is gets through", () => {
    test.each<readonly [string, string, Partial<Seen>]>([
      ["chunks", chunked("3\r\nabc\r\n2;name=value\r\nde\r\n0\r\n\r\n"), { body: "abcde" }],
      ["trailers, which are dropped", chunked("1\r\na\r\n0\r\nX-Sum: 1\r\n\r\n"), { body: "a" }],
      ["an upper-case coding", post("Transfer-Encoding: CHUNKED", "1\r\na\r\n0\r\n\r\n"), { body: "a" }],
      ["a body with GET", get("/", `${HOST}Content-Length: 3\r\n`) + "abc", { line: "GET /", body: "abc" }],
      ["chunks with GET", get("/", `${HOST}Transfer-Encoding: chunked\r\n`) + "1\r\na\r\n0\r\n\r\n", { body: "a" }],
      ["a host within the target", get("http://other:80/p?q=1"), { line: "GET /p?q=1", hosts: ["other:80"] }],
      ["a target without a path", get("http://other?q=1"), { line: "GET /?q=1", hosts: ["other"] }],
      ["a path with dots and two slashes", get("//a/../b"), { line: "GET //a/../b", hosts: ["films"] }],
      ["empty lines before it", `\r\n\r\n${get("/")}`, { line: "GET /" }],
    ])("%s", async (_name, text, expected) => {
      expect(await speak(text + get("/next", LAST))).toEqual([200, 200]);
      expect(seen).toHaveLength(2);
      expect(seen[0]).toMatchObject(expected);
      expect(seen[1]).toMatchObject({ line: "GET /next", body: "" });
    });

    test("without a host, when it is of HTTP/1.0", async () => {
      expect(await speak("GET / HTTP/1.0\r\n\r\n")).toEqual([200]);
    });

    test("with its headers for one hop taken off, those that the connection lists too", async () => {
      await speak(
        get(
          "/",
          `${HOST}Connection: close, X-Foo\r\nX-Foo: 1\r\nKeep-Alive: 5\r\nX-Bar: 2\r\nX_Forwarded_For: 6.6.6.6\r\n`,
        ),
      );
      const headers = Object.keys(seen[0]?.headers ?? {});
      expect(headers).toContain("x-bar");
      for (const gone of ["x-foo", "keep-alive", "te", "upgrade", "x_forwarded_for"])
        expect(headers).not.toContain(gone);
    });

    test("once it is told to go on, when it waits for that", async () => {
      const text = post("Expect: 100-continue\r\nContent-Length: 3", "");
      const socket = rig.connect();
      socket.write(text);
      const [interim] = (await once(socket, "data")) as [Buffer];
      expect(interim.toString()).toBe("HTTP/1.1 100 Continue\r\n\r\n");
      expect(seen).toEqual([]);
      socket.write("abc");
      const [final] = (await once(socket, "data")) as [Buffer];
      expect(final.toString()).toMatch(/^HTTP\/1\.1 200 /);
      expect(seen).toMatchObject([{ body: "abc" }]);
      expect(seen[0]?.headers.expect).toBeUndefined();
    });

    test("or is refused before it sends a body past the bound", async () => {
      expect(await speak(post("Expect: 100-continue\r\nContent-Length: 2000000", ""))).toEqual([413]);
    });
  });

  test("pipelined requests are answered one after the other, in their order", async () => {
    const many = Array.from({ length: 40 }, (_, index) => get(`/${index}`, index === 39 ? LAST : HOST)).join("");
    expect(await speak(many)).toHaveLength(40);
    expect(seen.map(({ line }) => line)).toEqual(Array.from({ length: 40 }, (_, index) => `GET /${index}`));
  });

  test("a client that pipelines without end is cut off", async () => {
    await speak(get("/p").repeat(3000));
    expect(seen.length).toBeLessThan(200);
    expect((await rig.status()).refusals).toMatchObject({ 429: 1 });
  });

  test("the star asks the router itself, with OPTIONS", async () => {
    expect(await speak(`OPTIONS * HTTP/1.1\r\n${LAST}\r\n`)).toEqual([204]);
    expect(seen).toEqual([]);
  });
});
