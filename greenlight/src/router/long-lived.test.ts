import { once } from "node:events";
import { request as httpRequest, type IncomingMessage, type ServerResponse } from "node:http";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { echoWebSocket, frame } from "./testing/echo-websocket.ts";
import { RouterRig } from "./testing/router-rig.ts";

const POLL = { timeout: 15_000, interval: 5 } as const;

describe("connections that last", () => {
  let rig: RouterRig;
  beforeEach(async () => {
    rig = await RouterRig.start();
  });
  afterEach(() => rig.end());

  async function openWebSocket(path = "/"): Promise<WebSocket> {
    const socket = new WebSocket(`ws://127.0.0.1:${rig.router.record.port}${path}`);
    await once(socket, "open");
    return socket;
  }

  test("WebSockets pass in both directions and are counted until they end", async () => {
    const { port, server } = await rig.service((_request, response) => void response.end("plain"));
    echoWebSocket(server);
    await rig.route("a", port);
    const socket = await openWebSocket("/live?x=1");
    expect(await echo(socket, "hello")).toBe("hello");
    expect(await echo(socket, "é".repeat(20_000))).toBe("é".repeat(20_000));
    expect(await rig.trafficOf("a")).toMatchObject({ inFlightCount: 1, longLivedCount: 1, failureCount: 0 });
    const isClosed = closed(socket);
    socket.close(1000);
    expect(await isClosed).toEqual({ code: 1000, wasClean: true });
    await expect.poll(() => rig.trafficOf("a"), POLL).toMatchObject({ inFlightCount: 0, longLivedCount: 0 });
    expect(await rig.trafficOf("a")).toMatchObject({ requestCount: 1, failureCount: 0 });
    expect((await rig.ask("GET", "/")).text).toBe("plain");
  });

  test("WebSockets stay with the old deployment after a swap, and are closed properly when it is drained", async () => {
    const blue = await rig.service(() => {});
    const green = await rig.service(() => {});
    const atBlue = echoWebSocket(blue.server);
    const atGreen = echoWebSocket(green.server);
    await rig.route("blue", blue.port);
    const old = await openWebSocket();
    await rig.route("green", green.port);
    const fresh = await openWebSocket();
    expect(await echo(old, "still here")).toBe("still here");
    expect([atBlue.sockets.length, atGreen.sockets.length]).toEqual([1, 1]);
    const isClosed = closed(old);
    expect((await rig.admin("POST", "/close", { deploymentId: "blue" })).status).toBe(200);
    // 1012, service restart: a client connects again. The service hears that its client leaves.
    expect(await isClosed).toEqual({ code: 1012, wasClean: true });
    expect(atBlue.closeCodes).toEqual([1001]);
    expect(await echo(fresh, "on")).toBe("on");
    fresh.close();
  });

  test("a message that is half-way when the deployment is drained still arrives whole", async () => {
    const blue = await rig.service(() => {});
    const green = await rig.service(() => {});
    const atBlue = echoWebSocket(blue.server, { answersClose: false });
    await rig.route("blue", blue.port);
    const socket = await openWebSocket();
    const text = "x".repeat(1000);
    const whole = frame(1, Buffer.from(text));
    atBlue.write(whole.subarray(0, 300));
    await rig.route("green", green.port);
    const message = once(socket, "message") as Promise<[MessageEvent]>;
    const isClosed = closed(socket);
    const order = rig.admin("POST", "/close", { deploymentId: "blue" });
    await expect.poll(() => atBlue.closeCodes, POLL).toEqual([1001]);
    atBlue.write(whole.subarray(300));
    expect((await message)[0].data).toBe(text);
    expect(await isClosed).toEqual({ code: 1012, wasClean: true });
    expect((await order).status).toBe(200);
  });

  test("a tunnel whose ends don't listen is cut a second after it was asked to close", async () => {
    const { port, server } = await rig.service(() => {});
    server.on("upgrade", (_request, socket) => {
      socket.on("error", () => {});
      socket.write("HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: chat\r\n\r\nhello");
    });
    await rig.route("a", port);
    const client = rig.connect();
    client.write("GET / HTTP/1.1\r\nHost: x\r\nConnection: keep-alive, Upgrade\r\nUpgrade: chat\r\n\r\n");
    await once(client, "data");
    const other = await rig.service(() => {});
    await rig.route("b", other.port);
    const isClosed = once(client, "close");
    expect((await rig.admin("POST", "/close", { deploymentId: "a" })).status).toBe(200);
    await isClosed;
  });

  test("whichever side breaks off, the other hears of it and nothing stays counted", async () => {
    const { port, server } = await rig.service(() => {});
    const { sockets } = echoWebSocket(server);
    await rig.route("a", port);
    const first = await openWebSocket();
    const firstClosed = closed(first);
    sockets[0]?.destroy();
    expect(await firstClosed).toMatchObject({ code: 1006 });
    const raw = rig.connect();
    raw.write(
      "GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\r\n",
    );
    await once(raw, "data");
    const gone = once(sockets[1] as NonNullable<(typeof sockets)[0]>, "close");
    raw.resetAndDestroy();
    await gone;
    await expect.poll(() => rig.trafficOf("a"), POLL).toMatchObject({ inFlightCount: 0, longLivedCount: 0 });
  });

  test("an upgrade that the service does not want gets the service's own answer", async () => {
    const { port, server } = await rig.service(() => {});
    server.on("upgrade", (_request, socket) => {
      socket.end("HTTP/1.1 426 Upgrade Required\r\ncontent-length: 4\r\nupgrade: other\r\n\r\nnope");
    });
    await rig.route("a", port);
    const client = rig.connect();
    let text = "";
    client.on("data", (chunk: Buffer) => (text += chunk.toString()));
    client.write("GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: chat\r\n\r\n");
    await once(client, "close");
    expect(text).toMatch(/^HTTP\/1\.1 426 [^]*nope$/);
    await expect.poll(() => rig.trafficOf("a"), POLL).toMatchObject({ inFlightCount: 0 });
  });

  test("an upgrade waits for a route like any other request", async () => {
    const opened = openWebSocket();
    await expect.poll(async () => (await rig.status()).waitingCount, POLL).toBe(1);
    const { port, server } = await rig.service(() => {});
    echoWebSocket(server);
    await rig.route("a", port);
    const socket = await opened;
    expect(await echo(socket, "hi")).toBe("hi");
    socket.close();
  });

  test.each([
    ["HTTP/2", "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AA\r\n"],
    ["TLS", "Connection: Upgrade\r\nUpgrade: TLS/1.0\r\n"],
    ["something that the connection header does not name", "Upgrade: websocket\r\n"],
  ])("a change to %s is not passed on, only the request", async (_name, headers) => {
    const { port } = await rig.service((request, response) => void response.end(`plain ${request.headers.upgrade}`));
    await rig.route("a", port);
    const client = rig.connect();
    client.write(`GET / HTTP/1.1\r\nHost: x\r\n${headers}\r\n`);
    const [answer] = (await once(client, "data")) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 [^]*plain undefined$/);
  });

  test("an event stream ends properly when its deployment is drained; another answer is cut, so that half is not whole", async () => {
    const streams: ServerResponse[] = [];
    const { port } = await rig.service((request, response) => {
      response.writeHead(200, { "content-type": request.url === "/events" ? "text/event-stream" : "text/plain" });
      response.write("data: 1\n\n");
      streams.push(response);
    });
    const green = await rig.service((_request, response) => void response.end());
    await rig.route("a", port);
    const events = await open("/events");
    const text = await open("/text");
    expect(await rig.trafficOf("a")).toMatchObject({ inFlightCount: 2, longLivedCount: 1 });
    await rig.route("b", green.port);
    streams[0]?.write("data: 2\n\n");
    await expect.poll(() => events.text(), POLL).toBe("data: 1\n\ndata: 2\n\n");
    await rig.admin("POST", "/close", { deploymentId: "a" });
    expect(await events.ended).toBe("whole");
    expect(await text.ended).toBe("cut");
  });

  test("the router lets them go when it ends", async () => {
    const { port, server } = await rig.service(() => {});
    echoWebSocket(server);
    await rig.route("a", port);
    const socket = await openWebSocket();
    const isClosed = closed(socket);
    await rig.router.close(0);
    expect(await isClosed).toEqual({ code: 1012, wasClean: true });
  });

  test("three hundred event streams and as many slow uploads keep no short request waiting", async () => {
    const { port } = await rig.service((request, response) => {
      if (request.url === "/events")
        return void response.writeHead(200, { "content-type": "text/event-stream" }).write(":\n");
      if (request.url === "/upload") return void request.resume();
      response.end("quick");
    });
    await rig.route("a", port);
    for (let index = 0; index < 300; index += 1) {
      rig.connect().write("GET /events HTTP/1.1\r\nHost: x\r\nAccept: text/event-stream\r\n\r\n");
      rig.connect().write("POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\nabc");
    }
    await expect.poll(() => rig.trafficOf("a"), POLL).toMatchObject({ inFlightCount: 600, longLivedCount: 300 });
    const startedAt = performance.now();
    expect((await rig.ask("POST", "/", { a: 1 })).text).toBe("quick");
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });

  /** A streamed answer, and how it ended. */
  async function open(path: string): Promise<{ text(): string; ended: Promise<"whole" | "cut"> }> {
    const sent = httpRequest({ host: "127.0.0.1", port: rig.router.record.port, path, agent: false });
    sent.end();
    const [answer] = (await once(sent, "response")) as [IncomingMessage];
    let text = "";
    answer.on("data", (chunk: Buffer) => (text += chunk.toString()));
    const ended = new Promise<"whole" | "cut">((resolve) => {
      answer.on("end", () => resolve("whole"));
      answer.on("error", () => resolve("cut"));
    });
    await expect.poll(() => text, POLL).not.toBe("");
    return { text: () => text, ended };
  }
});

/** What comes back for `text`. */
async function echo(socket: WebSocket, text: string): Promise<unknown> {
  const answer = once(socket, "message") as Promise<[MessageEvent]>;
  socket.send(text);
  return (await answer)[0].data;
}

async function closed(socket: WebSocket): Promise<{ code: number; wasClean: boolean }> {
  const [{ code, wasClean }] = (await once(socket, "close")) as [CloseEvent];
  return { code, wasClean };
}
