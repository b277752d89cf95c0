import { once } from "node:events";
import { createServer, type AddressInfo, type Server, type Socket } from "node:net";

import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";

import { ServicePool, type ServicePoolOptions } from "./service-pool.ts";
import { ask, GET, HeardAnswer } from "./testing/heard-answer.ts";

const OK = "HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok";

const ends: (() => void)[] = [];
afterEach(() => {
  for (const end of ends.splice(0)) end();
});

/** `onRequest` is called with what came in over a connection so far, each time that a head or more is there. */
async function service(
  onRequest: (socket: Socket, text: string) => void,
): Promise<{ port: number; sockets: Socket[] }> {
  const sockets: Socket[] = [];
  const server: Server = createServer((socket) => {
    sockets.push(socket);
    socket.on("error", () => {});
    socket.on("data", (bytes: Buffer) => onRequest(socket, bytes.toString("latin1")));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  ends.push(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return { port: (server.address() as AddressInfo).port, sockets };
}

function pool(port: number, options: Partial<ServicePoolOptions> = {}): ServicePool {
  const made = new ServicePool({
    host: "127.0.0.1",
    port,
    connectionLimit: 100,
    connectTimeoutMs: 1000,
    headTimeoutMs: 5000,
    bodyTimeoutMs: 5000,
    idleMs: 3000,
    ...options,
  });
  ends.push(() => made.destroy(new Error("the test is over")));
  return made;
}

describe("the connections to a service", () => {
  test("carry one request after the other", async () => {
    const texts: string[] = [];
    const { port, sockets } = await service((socket, text) => {
      texts.push(text);
      socket.write(OK);
    });
    const through = pool(port);
    expect(await ask(through, { path: "/a?b" })).toMatchObject({
      status: 200,
      body: "ok",
      calls: ["start", "head", "end"],
    });
    await ask(through, {
      method: "POST",
      headers: ["Host", "y", "content-length", "3"],
      body: Buffer.from("a\xffb", "latin1"),
    });
    await ask(through, { method: "DELETE", headers: [] });
    expect(texts).toEqual([
      "GET /a?b HTTP/1.1\r\nhost: x\r\n\r\n",
      "POST / HTTP/1.1\r\nHost: y\r\ncontent-length: 3\r\n\r\na\xffb",
      "DELETE / HTTP/1.1\r\ncontent-length: 0\r\n\r\n",
    ]);
    expect(sockets).toHaveLength(1);
  });

  test("hand on the same answer, however it is cut into pieces", async () => {
    let answer = "";
    let sizes: readonly number[] = [];
    const { port } = await service((socket) => {
      let left = answer;
      const next = (): void => {
        const [size = left.length, ...rest] = sizes;
        sizes = rest;
        socket.write(left.slice(0, size), "latin1");
        left = left.slice(size);
        if (left !== "") setImmediate(next);
      };
      socket.setNoDelay(true);
      next();
    });
    const through = pool(port);
    const body = fc.string({ maxLength: 50, unit: "binary-ascii" });
    await fc.assert(
      fc.asyncProperty(
        body,
        fc.boolean(),
        fc.array(fc.integer({ min: 1, max: 40 }), { maxLength: 12 }),
        async (text, isChunked, cuts) => {
          const half = text.length >> 1;
          const framing = isChunked ? "transfer-encoding: chunked" : `content-length: ${text.length}`;
          const coded = isChunked ? `${chunk(text.slice(0, half))}${chunk(text.slice(half))}0\r\n\r\n` : text;
          answer = `HTTP/1.1 103 Early Hints\r\nlink: a\r\n\r\nHTTP/1.1 200 OK\r\nx-a: 1\r\n${framing}\r\n\r\n${coded}`;
          sizes = cuts;
          const heard = await ask(through);
          expect(heard).toMatchObject({
            status: 200,
            body: text,
            headers: { "x-a": "1" },
            calls: ["start", "head", "end"],
          });
        },
      ),
      { numRuns: 100 },
    );
  });

  test("hand a body of megabytes on, byte for byte, and stop reading when they are told to", async () => {
    const bytes = Buffer.from(Array.from({ length: 3_000_000 }, (_, index) => index % 253));
    const { port } = await service((socket) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${bytes.length}\r\n\r\n`);
      socket.write(bytes);
    });
    const heard = new HeardAnswer();
    const pieces: Buffer[] = [];
    heard.onResponseData = (controller, data) => {
      pieces.push(data);
      if (pieces.length === 1) controller.pause();
      return true;
    };
    pool(port).dispatch(GET, heard);
    await expect.poll(() => pieces.length).toBe(1);
    await new Promise(setImmediate);
    expect(pieces).toHaveLength(1);
    heard.controller?.resume();
    await heard.over;
    expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
  });

  test("end an answer without a length with the connection", async () => {
    const { port } = await service((socket) => socket.end("HTTP/1.1 200 OK\r\n\r\nall of it"));
    expect(await ask(pool(port))).toMatchObject({ status: 200, body: "all of it", calls: ["start", "head", "end"] });
  });

  test.each([
    ["no answer", ""],
    ["half a head", "HTTP/1.1 200 OK\r\ncontent-le"],
    ["half a body", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf"],
    ["half a chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab"],
    ["no last chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\nab\r\n"],
  ])("tell a service that closes after %s from one that has answered", async (_what, text) => {
    const { port } = await service((socket) => socket.end(text));
    const heard = await ask(pool(port));
    expect(heard.calls.at(-1)).toBe("error");
    expect(heard.error?.code).toBe("ECONNRESET");
  });

  test.each([
    ["what is not HTTP", "hello\r\n\r\n"],
    ["a length beside chunks", "HTTP/1.1 200 OK\r\ncontent-length: 2\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n"],
    ["a malformed chunk", "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nx\r\n"],
    ["a head past its bound", `HTTP/1.1 200 OK\r\nx: ${"a".repeat(20_000)}\r\n\r\n`],
    ["a head without an end", `HTTP/1.1 200 OK\r\nx: ${"a".repeat(20_000)}`],
  ])("refuse %s", async (_what, text) => {
    const { port } = await service((socket) => socket.write(text));
    const heard = await ask(pool(port));
    expect(heard.calls.at(-1)).toBe("error");
    expect(heard.error?.message).toContain("not HTTP/1.1");
  });

  test("never take what stands behind an answer for the next one", async () => {
    let count = 0;
    const { port, sockets } = await service((socket) => {
      count += 1;
      socket.write(count === 1 ? `${OK}HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nwrong` : OK);
    });
    const through = pool(port);
    expect(await ask(through)).toMatchObject({ body: "ok" });
    expect(await ask(through)).toMatchObject({ body: "ok" });
    expect(sockets).toHaveLength(2);
  });

  test("are closed when the service says something that nobody asked for", async () => {
    const { port, sockets } = await service((socket) => socket.write(OK));
    const through = pool(port);
    await ask(through);
    const [first] = sockets;
    first?.write("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nwrong");
    await once(first as Socket, "close");
    expect(await ask(through)).toMatchObject({ body: "ok" });
    expect(sockets).toHaveLength(2);
  });

  test.each([
    ["the service announces to close", "connection: close\r\n"],
    ["the service keeps them for a second only", "keep-alive: timeout=1\r\n"],
  ])("are not used again when %s", async (_what, line) => {
    const { port, sockets } = await service((socket) =>
      socket.write(OK.replace("content-length", `${line}content-length`)),
    );
    const through = pool(port);
    await ask(through);
    await ask(through);
    expect(sockets).toHaveLength(2);
  });

  test("are closed when they were idle for long, and before the service would", async () => {
    const { port, sockets } = await service((socket) => socket.write(OK));
    await ask(pool(port, { idleMs: 100 }));
    const startedAt = performance.now();
    await once(sockets[0] as Socket, "close");
    expect(performance.now() - startedAt).toBeLessThan(1000);
  });

  test("are at most so many; who comes later waits", async () => {
    const held: (() => void)[] = [];
    const { port, sockets } = await service((socket) => void held.push(() => socket.write(OK)));
    const through = pool(port, { connectionLimit: 2 });
    const all = [ask(through), ask(through), ask(through), ask(through)];
    await expect.poll(() => held.length).toBe(2);
    for (const answer of held.splice(0)) answer();
    await expect.poll(() => held.length).toBe(2);
    for (const answer of held.splice(0)) answer();
    expect((await Promise.all(all)).map((heard) => heard.body)).toEqual(["ok", "ok", "ok", "ok"]);
    expect(sockets).toHaveLength(2);
  });

  test("tell a service that does not listen before a request has begun", async () => {
    const { port, sockets } = await service(() => {});
    ends.splice(0).forEach((end) => end());
    expect(sockets).toHaveLength(0);
    expect(await ask(pool(port))).toMatchObject({ calls: ["error"], error: { code: "ECONNREFUSED" } });
  });

  test("give up on a head and on a body that do not come", async () => {
    const { port } = await service((socket, text) => {
      if (text.startsWith("GET /body")) socket.write("HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\no");
    });
    const through = pool(port, { headTimeoutMs: 100, bodyTimeoutMs: 100 });
    expect(await ask(through)).toMatchObject({ calls: ["start", "error"], error: { code: "UND_ERR_HEADERS_TIMEOUT" } });
    expect(await ask(through, { path: "/body" })).toMatchObject({ calls: ["start", "head", "error"], body: "o" });
  });

  test("close with a request that is aborted, and are as good as new when nothing of it was sent", async () => {
    const { port, sockets } = await service((socket, text) => {
      if (!text.startsWith("GET /hang")) socket.write(OK);
    });
    const through = pool(port);
    await ask(through);
    const early = new HeardAnswer();
    early.onRequestStart = (controller) => controller.abort(new Error("changed my mind"));
    through.dispatch(GET, early);
    await early.over;
    expect(early).toMatchObject({ calls: ["error"], error: { message: "changed my mind" } });
    await ask(through);
    expect(sockets).toHaveLength(1);

    const late = new HeardAnswer();
    through.dispatch({ ...GET, path: "/hang" }, late);
    late.controller?.abort(new Error("too late"));
    await late.over;
    expect(late).toMatchObject({ calls: ["start", "error"], error: { message: "too late" } });
    await once(sockets[0] as Socket, "close");
  });

  test.each([
    ["a target", { path: "/a b" }],
    ["a line end in a header", { headers: ["x", "a\r\nb: c"] }],
    ["what is not a byte", { headers: ["x", "\u{1f600}"] }],
  ])("refuse to send %s", async (_what, request) => {
    const { port } = await service((socket) => socket.write(OK));
    const heard = await ask(pool(port), request);
    expect(heard).toMatchObject({ calls: ["error"], error: { code: "UND_ERR_INVALID_ARG" } });
  });

  test("break what is under way or waits when they are destroyed, and let it end when they are closed", async () => {
    const held: (() => void)[] = [];
    const { port, sockets } = await service((socket) => void held.push(() => socket.write(OK)));
    const closed = pool(port);
    const first = ask(closed);
    await expect.poll(() => held.length).toBe(1);
    closed.close();
    held.splice(0).forEach((answer) => answer());
    expect(await first).toMatchObject({ body: "ok" });
    await once(sockets[0] as Socket, "close");

    const destroyed = pool(port, { connectionLimit: 1 });
    const both = [ask(destroyed), ask(destroyed)];
    await expect.poll(() => held.length).toBe(1);
    destroyed.destroy(new Error("drained"));
    expect((await Promise.all(both)).map((heard) => heard.error?.message)).toEqual(["drained", "drained"]);
  });
});

function chunk(part: string): string {
  return part === "" ? "" : `${part.length.toString(16)}\r\n${part}\r\n`;
}
