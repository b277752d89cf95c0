import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import {
  Agent,
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type RequestListener,
  type Server,
} from "node:http";
import { connect, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { callHttp, type HttpReply } from "../keeper/control-client.ts";
import { startRouter, type Router, type RouterLimits } from "./router.ts";
import type { Route, RouterStatus, UpstreamStatus } from "./wire.ts";

const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] === "1";

const POLL = { timeout: 4000, interval: 5 } as const;

describe("the router", () => {
  let folder: string;
  let router: Router;
  const servers: Server[] = [];

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "router-"));
  });
  afterEach(async () => {
    await router.close(0);
    for (const server of servers.splice(0)) {
      server.close();
      server.closeAllConnections();
    }
    await rm(folder, { recursive: true, force: true });
  });

  async function start(limits: Partial<RouterLimits> = {}): Promise<void> {
    const started = await startRouter({ folder, host: "127.0.0.1", port: 0, log: () => {}, limits });
    if (!started.ok) throw new Error(started.error.message);
    router = started.value;
  }

  async function service(listener: RequestListener): Promise<{ port: number; server: Server }> {
    const server = createServer(listener);
    servers.push(server);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return { port: (server.address() as AddressInfo).port, server };
  }

  const admin = (method: string, path: string, body?: unknown): Promise<HttpReply> =>
    callHttp({
      host: "127.0.0.1",
      port: router.record.adminPort,
      token: router.record.token,
      method,
      path,
      body,
      timeoutMs: 5000,
    });

  const status = async (): Promise<RouterStatus> => JSON.parse((await admin("GET", "/status")).text) as RouterStatus;
  const trafficOf = async (id: string): Promise<UpstreamStatus | undefined> =>
    (await status()).upstreams.find((each) => each.deploymentId === id);

  async function route(deploymentId: string, port: number): Promise<void> {
    const { route: before } = await status();
    const expected = { deploymentId: before.upstream?.deploymentId ?? null, epoch: before.epoch };
    const upstream = { deploymentId, releaseId: "r", digest: "d", slot: "blue" as const, host: "127.0.0.1", port };
    const next: Route = { schema: 1, epoch: before.epoch + 1, upstream };
    expect((await admin("PUT", "/route", { expected, next })).status).toBe(200);
  }

  const ask = (method: string, path: string, body?: unknown): Promise<HttpReply> =>
    callHttp({ host: "127.0.0.1", port: router.record.port, method, path, body, timeoutMs: 8000 });

  test("passes requests and answers on, with the client's address", async () => {
    await start();
    const { port } = await service((request, response) => {
      response.writeHead(201, { "x-kept": "yes", connection: "keep-alive" });
      request.pipe(response);
      expect(request.headers["x-forwarded-for"]).toBe("127.0.0.1");
      expect(request.url).toBe("/predict?x=1");
    });
    await route("a", port);
    expect(await ask("POST", "/predict?x=1", { film: "Alien" })).toMatchObject({
      status: 201,
      text: '{"film":"Alien"}',
    });
    expect(await trafficOf("a")).toMatchObject({ inFlightCount: 0, requestCount: 1, failureCount: 0 });
  });

  test.each([1, 57, 3000, 65_536, 93_000, 131_072, 131_073, 3_000_000])(
    "passes a body of %d bytes on, both ways, byte for byte, chunked or not",
    async (size) => {
      await start();
      const { port } = await service((request, response) => void request.pipe(response));
      await route("a", port);
      const body = Buffer.from(Array.from({ length: size }, (_, index) => index % 253));
      for (const headers of [{ "content-length": body.length }, { "transfer-encoding": "chunked" }]) {
        const sent = httpRequest({ host: "127.0.0.1", port: router.record.port, method: "POST", headers });
        sent.end(body);
        const [answer] = (await once(sent, "response")) as [IncomingMessage];
        const chunks: Buffer[] = [];
        for await (const chunk of answer) chunks.push(chunk as Buffer);
        expect(Buffer.concat(chunks).equals(body)).toBe(true);
      }
    },
  );

  test.each(["/length", "/chunks"])("a client that reads late gets every byte: %s", async (path) => {
    await start();
    const body = Buffer.alloc(16_000_000, Buffer.from(Array.from({ length: 253 }, (_, index) => index)));
    const written = Promise.withResolvers<void>();
    // In many small pieces, so that one of them is the first that finds the client's buffers full.
    const { port } = await service(async (request, response) => {
      if (request.url === "/length") response.setHeader("content-length", body.length);
      for (let at = 0; at < body.length; at += 16_000) {
        response.write(body.subarray(at, at + 16_000));
        await new Promise(setImmediate);
      }
      response.end();
      written.resolve();
    });
    await route("a", port);
    const sent = httpRequest({ host: "127.0.0.1", port: router.record.port, path, agent: false });
    sent.end();
    const [answer] = (await once(sent, "response")) as [IncomingMessage];
    await written.promise;
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).equals(body)).toBe(true);
  });

  test("stops reading from a service whose client does not read", async () => {
    await start();
    let writtenBytes = 0;
    const { port } = await service((_request, response) => {
      const write = (): void => {
        while (writtenBytes < 200_000_000) {
          writtenBytes += 65_536;
          if (!response.write(Buffer.alloc(65_536))) return void response.once("drain", write);
        }
      };
      write();
    });
    await route("a", port);
    const client = connect(router.record.port, "127.0.0.1");
    client.pause();
    client.write("GET / HTTP/1.1\r\nhost: x\r\n\r\n");
    let before = -1;
    await expect
      .poll(
        () => {
          const isStill = before === writtenBytes && writtenBytes > 0;
          before = writtenBytes;
          return isStill;
        },
        { timeout: 5000, interval: 200 },
      )
      .toBe(true);
    expect(writtenBytes).toBeLessThan(100_000_000);
    client.destroy();
    await expect.poll(async () => (await trafficOf("a"))?.inFlightCount, POLL).toBe(0);
  });

  test("counts what is in flight exactly, through answers, errors and clients that go away", async () => {
    await start();
    const held: Socket[] = [];
    let arrivedCount = 0;
    const { port } = await service((request, response) => {
      arrivedCount += 1;
      if (request.url === "/hang") return;
      if (request.url === "/break") return void request.socket.destroy();
      response.end("ok");
    });
    await route("a", port);
    for (let index = 0; index < 5; index += 1) {
      const socket = connect(router.record.port, "127.0.0.1");
      socket.write("POST /hang HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}");
      held.push(socket);
    }
    await expect.poll(() => arrivedCount, POLL).toBe(5);
    expect(await trafficOf("a")).toMatchObject({ inFlightCount: 5 });
    expect((await ask("POST", "/break", {})).status).toBe(502);
    expect((await ask("GET", "/fine")).status).toBe(200);
    expect(await trafficOf("a")).toMatchObject({ inFlightCount: 5, requestCount: 2, failureCount: 1 });
    for (const socket of held) socket.destroy();
    await expect.poll(async () => (await trafficOf("a"))?.inFlightCount, POLL).toBe(0);
    // A client that goes away says nothing about the service.
    expect(await trafficOf("a")).toMatchObject({ failureCount: 1 });
  });

  test("after a swap no new request reaches the old deployment, and what is in flight there ends well", async () => {
    await start();
    const releases: (() => void)[] = [];
    const blue = await service((request, response) => {
      if (request.url === "/slow") releases.push(() => response.end("blue"));
      else response.end("blue");
    });
    const green = await service((_request, response) => void response.end("green"));
    await route("blue", blue.port);
    const slow = ask("GET", "/slow");
    await expect.poll(() => releases.length, POLL).toBe(1);
    await route("green", green.port);
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask("GET", "/")));
    expect(new Set(answers.map((answer) => answer.text))).toEqual(new Set(["green"]));
    expect(await trafficOf("blue")).toMatchObject({ inFlightCount: 1 });
    releases[0]?.();
    expect(await slow).toMatchObject({ status: 200, text: "blue" });
    expect(await trafficOf("blue")).toMatchObject({ inFlightCount: 0 });
    expect((await admin("POST", "/close", { deploymentId: "blue" })).status).toBe(200);
    expect(await trafficOf("blue")).toBeUndefined();
  });

  test("does not close the deployment that has the traffic", async () => {
    await start();
    const { port } = await service((_request, response) => void response.end("ok"));
    await route("a", port);
    expect((await admin("POST", "/close", { deploymentId: "a" })).status).toBe(409);
    expect((await ask("GET", "/")).status).toBe(200);
  });

  test("holds requests while the service is away, and none fails when it comes back", async () => {
    await start();
    const first = await service((_request, response) => void response.end("first"));
    await route("a", first.port);
    expect((await ask("GET", "/")).text).toBe("first");
    first.server.close();
    first.server.closeAllConnections();
    const waiting = Array.from({ length: 30 }, (_, index) => ask(index % 2 === 0 ? "GET" : "POST", "/", index || {}));
    await expect.poll(async () => (await status()).waitingCount, POLL).toBeGreaterThanOrEqual(29);
    const again = createServer((_request, response) => void response.end("again"));
    servers.push(again);
    again.listen(first.port, "127.0.0.1");
    expect(new Set((await Promise.all(waiting)).map(({ text }) => text))).toEqual(new Set(["again"]));
    expect(await trafficOf("a")).toMatchObject({ inFlightCount: 0, failureCount: 0 });
  });

  test("sends waiting requests to the new route as soon as there is one", async () => {
    await start();
    const waiting = ask("POST", "/", { a: 1 });
    await expect.poll(async () => (await status()).waitingCount, POLL).toBe(1);
    const { port } = await service((_request, response) => void response.end("live"));
    await route("a", port);
    expect((await waiting).text).toBe("live");
  });

  test("gives up with 503 when nobody comes back, and takes no more than its bound to wait", async () => {
    await start({ holdMs: 300, waitingLimit: 2 });
    const answers = await Promise.all([ask("GET", "/"), ask("GET", "/"), ask("GET", "/"), ask("GET", "/")]);
    expect(answers.map((answer) => answer.status)).toEqual([503, 503, 503, 503]);
    expect((await status()).waitingCount).toBe(0);
  });

  test("never sends a POST twice, and a GET at most twice, when the service breaks off", async () => {
    await start();
    const seen: string[] = [];
    const { port } = await service((request) => {
      seen.push(`${request.method} ${request.url}`);
      request.socket.destroy();
    });
    await route("a", port);
    expect((await ask("POST", "/order", { a: 1 })).status).toBe(502);
    expect((await ask("DELETE", "/order")).status).toBe(502);
    expect((await ask("GET", "/film")).status).toBe(502);
    expect(seen).toEqual(["POST /order", "DELETE /order", "GET /film", "GET /film"]);
  });

  test("cuts an answer off that the service does not finish, instead of passing half of it for whole", async () => {
    await start();
    const { port } = await service((_request, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("half");
      setTimeout(() => response.destroy(), 20);
    });
    await route("a", port);
    await expect(ask("GET", "/")).rejects.toThrow(/aborted|hang up|ECONNRESET/);
    expect(await trafficOf("a")).toMatchObject({ inFlightCount: 0, failureCount: 1 });
  });

  test("answers 504 when the service takes too long, and counts it", async () => {
    await start({ headTimeoutMs: 300 });
    const { port } = await service(() => {});
    await route("a", port);
    expect((await ask("POST", "/", {})).status).toBe(504);
    expect(await trafficOf("a")).toMatchObject({ inFlightCount: 0, failureCount: 1 });
  });

  test("refuses bodies past its bound, announced or streamed, and none of it is the service's fault", async () => {
    await start({ bodyLimitBytes: 100_000 });
    const { port } = await service((request, response) => {
      request.resume();
      request.on("end", () => response.end("ok"));
    });
    await route("a", port);
    expect(await postZeros(router.record.port, { "content-length": 300_000 })).toBe(413);
    expect(await postZeros(router.record.port, { "transfer-encoding": "chunked" })).toBe(413);
    await expect.poll(async () => await trafficOf("a"), POLL).toMatchObject({ inFlightCount: 0, failureCount: 0 });
  });

  test.each([
    ["closes", (socket: Socket): unknown => socket.destroy()],
    ["resets its connection", (socket: Socket): unknown => socket.resetAndDestroy()],
  ])("passes the answer on of a service that refuses a body half-way and %s", async (_name, cut) => {
    await start();
    const { port } = await service((request, response) => {
      request.once("data", () => {
        response.writeHead(413, { "content-length": 7, connection: "close" });
        response.end("too big", () => cut(request.socket));
      });
    });
    await route("a", port);
    for (let index = 0; index < 10; index += 1) {
      const socket = connect(router.record.port, "127.0.0.1");
      const head = once(socket, "data") as Promise<[Buffer]>;
      socket.on("error", () => {});
      socket.write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5000000\r\n\r\n");
      socket.write(Buffer.alloc(4_000_000));
      expect((await head).toString()).toMatch(/^HTTP\/1.1 413 [^]*connection: close/i);
      socket.destroy();
    }
    expect(await trafficOf("a")).toMatchObject({ inFlightCount: 0, requestCount: 10, failureCount: 0 });
  });

  test("does not hold it against a service that it breaks off before it has the whole body", async () => {
    await start();
    const { port } = await service((request) => void request.once("data", () => request.socket.destroy()));
    await route("a", port);
    expect(await postZeros(router.record.port, { "content-length": 5_000_000 }, 5_000_000)).toBe(502);
    expect(await trafficOf("a")).toMatchObject({ inFlightCount: 0, failureCount: 0 });
    expect(await postZeros(router.record.port, { "content-length": 60_000 }, 60_000)).toBe(502);
    expect(await trafficOf("a")).toMatchObject({ failureCount: 1 });
  });

  test.each([
    ["an unknown form of target", "GET example.com:443 HTTP/1.1\r\nhost: x\r\n\r\n", 400],
    ["two lengths", "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\na", 400],
    [
      "a length beside chunks",
      "POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n",
      400,
    ],
    ["no host", "GET / HTTP/1.1\r\n\r\n", 400],
    ["a head past its bound", `GET / HTTP/1.1\r\nhost: x\r\nx-big: ${"a".repeat(20_000)}\r\n\r\n`, 431],
  ])("refuses %s", async (_name, text, code) => {
    await start();
    const { port } = await service((_request, response) => void response.end("reached"));
    await route("a", port);
    const socket = connect(router.record.port, "127.0.0.1");
    socket.write(text);
    const [head] = (await once(socket, "data")) as [Buffer];
    socket.destroy();
    expect(head.toString()).toContain(`HTTP/1.1 ${code}`);
    expect((await trafficOf("a"))?.requestCount ?? 0).toBe(0);
  });

  test("tells nothing and changes nothing without its token", async () => {
    await start();
    const call = { host: "127.0.0.1", port: router.record.adminPort, timeoutMs: 2000 };
    expect((await callHttp({ ...call, method: "GET", path: "/status" })).status).toBe(401);
    expect((await callHttp({ ...call, method: "PUT", path: "/route", token: "0".repeat(64), body: {} })).status).toBe(
      401,
    );
  });

  test.runIf(IS_HEAVY)("swaps dozens of times under load without a failed request", async () => {
    await start();
    const names = ["blue", "green"] as const;
    const ports = await Promise.all(
      names.map(
        async (name) =>
          (
            await service((request, response) => {
              request.resume();
              request.on("end", () => response.end(name));
            })
          ).port,
      ),
    );
    await route("d0", ports[0] ?? 0);
    const over = new AbortController();
    const load = Array.from({ length: 8 }, async (_, index) => {
      const bad: HttpReply[] = [];
      while (!over.signal.aborted) {
        const answer = await ask(index % 2 === 0 ? "GET" : "POST", "/", index % 2 === 0 ? undefined : { index });
        if (answer.status !== 200) bad.push(answer);
      }
      return bad;
    });
    for (let swap = 1; swap <= 40; swap += 1) {
      await route(`d${swap}`, ports[swap % 2] ?? 0);
      const old = `d${swap - 1}`;
      await expect.poll(async () => (await trafficOf(old))?.inFlightCount ?? 0, POLL).toBe(0);
      await admin("POST", "/close", { deploymentId: old });
    }
    over.abort();
    expect((await Promise.all(load)).flat()).toEqual([]);
  });

  test("starts with the route that it had", async () => {
    await start();
    const { port } = await service((_request, response) => void response.end("still here"));
    await route("a", port);
    await router.close(0);
    await start();
    expect((await ask("GET", "/")).text).toBe("still here");
    expect(JSON.parse(await readFile(join(folder, "route.json"), "utf8"))).toMatchObject({ upstream: { port } });
  });

  test("says so when its port is taken", async () => {
    await start();
    const { port } = await service(() => {});
    const second = await startRouter({ folder, host: "127.0.0.1", port, log: () => {} });
    expect(second).toMatchObject({ ok: false, error: { code: "PORT_TAKEN", place: `port ${port}` } });
  });

  test("cuts nobody off when it ends while clients send one request after the other on their connections", async () => {
    await start();
    const { port } = await service((_request, response) => void setTimeout(() => response.end("done"), 5));
    await route("a", port);
    const agent = new Agent({ keepAlive: true });
    const ends: string[] = [];
    let answerCount = 0;
    const clients = Array.from({ length: 10 }, async () => {
      for (;;) {
        const sent = httpRequest({ host: "127.0.0.1", port: router.record.port, agent });
        sent.end();
        try {
          const [answer] = (await once(sent, "response")) as [IncomingMessage];
          for await (const chunk of answer) expect(String(chunk)).toBe("done");
          answerCount += 1;
        } catch (error) {
          return void ends.push((error as NodeJS.ErrnoException).code ?? String(error));
        }
      }
    });
    await expect.poll(() => answerCount, POLL).toBeGreaterThan(50);
    await router.close(4000);
    await Promise.all(clients);
    agent.destroy();
    expect(ends).toEqual(Array(10).fill("ECONNREFUSED"));
  });

  test("lets what is under way end before it closes", async () => {
    await start();
    const releases: (() => void)[] = [];
    const { port } = await service((_request, response) => void releases.push(() => response.end("done")));
    await route("a", port);
    const answer = ask("GET", "/");
    await expect.poll(() => releases.length, POLL).toBe(1);
    const closed = router.close(3000);
    releases[0]?.();
    expect((await answer).text).toBe("done");
    await closed;
    await expect(ask("GET", "/")).rejects.toThrow("ECONNREFUSED");
  });
});

/** Sends that many bytes and answers the status. */
async function postZeros(
  port: number,
  headers: Record<string, string | number>,
  sizeBytes = 300_000,
): Promise<number | undefined> {
  const sent = httpRequest({ host: "127.0.0.1", port, method: "POST", headers });
  sent.on("error", () => {});
  sent.end(Buffer.alloc(sizeBytes));
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  answer.resume();
  return answer.statusCode;
}
