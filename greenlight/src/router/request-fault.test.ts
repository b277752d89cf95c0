import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";

import { afterEach, describe, expect, test } from "vitest";

import { RouterRig } from "./testing/router-rig.ts";

const POLL = { timeout: 4000, interval: 5 } as const;

describe("with a request that is at fault the router", () => {
  let rig: RouterRig;
  afterEach(() => rig.end());

  test("refuses bodies past its bound, announced or streamed, and none of it is the service's fault", async () => {
    rig = await RouterRig.start({ limits: { bodyLimitBytes: 100_000 } });
    const { port } = await rig.service((request, response) => {
      request.resume();
      request.on("end", () => response.end("ok"));
    });
    await rig.goLive("a", port);
    expect(await postZeros(rig.router.record.port, { "content-length": 300_000 })).toBe(413);
    expect(await postZeros(rig.router.record.port, { "transfer-encoding": "chunked" })).toBe(413);
    await expect.poll(async () => await rig.trafficOf("a"), POLL).toMatchObject({ inFlightCount: 0, failureCount: 0 });
  });

  test.each([
    ["closes", (socket: Socket): unknown => socket.destroy()],
    ["resets its connection", (socket: Socket): unknown => socket.resetAndDestroy()],
  ])("passes the answer on of a service that refuses a body half-way and %s", async (_name, cut) => {
    rig = await RouterRig.start();
    const { port } = await rig.service((request, response) => {
      request.once("data", () => {
        response.writeHead(413, { "content-length": 7, connection: "close" });
        response.end("too big", () => cut(request.socket));
      });
    });
    await rig.goLive("a", port);
    for (let index = 0; index < 10; index += 1) {
      const socket = rig.connect();
      const head = once(socket, "data") as Promise<[Buffer]>;
      socket.on("error", () => {});
      socket.write("POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 5000000\r\n\r\n");
      socket.write(Buffer.alloc(4_000_000));
      expect((await head).toString()).toMatch(/^HTTP\/1.1 413 [^]*connection: close/i);
      socket.destroy();
    }
    expect(await rig.trafficOf("a")).toMatchObject({ inFlightCount: 0, requestCount: 10, failureCount: 0 });
  });

  test("does not hold it against a service that it breaks off before it has the whole body", async () => {
    rig = await RouterRig.start();
    const { port } = await rig.service((request) => void request.once("data", () => request.socket.destroy()));
    await rig.goLive("a", port);
    expect(await postZeros(rig.router.record.port, { "content-length": 5_000_000 }, 5_000_000)).toBe(502);
    expect(await rig.trafficOf("a")).toMatchObject({ inFlightCount: 0, failureCount: 0 });
    expect(await postZeros(rig.router.record.port, { "content-length": 60_000 }, 60_000)).toBe(502);
    expect(await rig.trafficOf("a")).toMatchObject({ failureCount: 1 });
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
    rig = await RouterRig.start();
    const { port } = await rig.service((_request, response) => void response.end("reached"));
    await rig.goLive("a", port);
    const socket = rig.connect();
    socket.write(text);
    const [head] = (await once(socket, "data")) as [Buffer];
    socket.destroy();
    expect(head.toString()).toContain(`HTTP/1.1 ${code}`);
    expect((await rig.trafficOf("a"))?.requestCount ?? 0).toBe(0);
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
