import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import type { Socket } from "node:net";

import { afterEach, describe, expect, test } from "vitest";

import { RouterRig } from "./testing/router-rig.ts";

const POLL = { timeout: 4000, interval: 5 } as const;

describe("between a client and a service the router", () => {
  let rig: RouterRig;
  afterEach(() => rig.end());

  test("passes requests and answers on, with the client's address", async () => {
    rig = await RouterRig.start();
    const { port } = await rig.service((request, response) => {
      response.writeHead(201, { "x-kept": "yes", connection: "keep-alive" });
      request.pipe(response);
      expect(request.headers["x-forwarded-for"]).toBe("127.0.0.1");
      expect(request.url).toBe("/predict?x=1");
    });
    await rig.goLive("a", port);
    expect(await rig.ask("POST", "/predict?x=1", { film: "Alien" })).toMatchObject({
      status: 201,
      text: '{"film":"Alien"}',
    });
    expect(await rig.trafficOf("a")).toMatchObject({ inFlightCount: 0, requestCount: 1, failureCount: 0 });
  });

  test.each([1, 57, 3000, 65_536, 93_000, 131_072, 131_073, 3_000_000])(
    "passes a body of %d bytes on, both ways, byte for byte, chunked or not",
    async (size) => {
      rig = await RouterRig.start();
      const { port } = await rig.service((request, response) => void request.pipe(response));
      await rig.goLive("a", port);
      const body = Buffer.from(Array.from({ length: size }, (_, index) => index % 253));
      for (const headers of [{ "content-length": body.length }, { "transfer-encoding": "chunked" }]) {
        const sent = httpRequest({ host: "127.0.0.1", port: rig.router.record.port, method: "POST", headers });
        sent.end(body);
        const [answer] = (await once(sent, "response")) as [IncomingMessage];
        const chunks: Buffer[] = [];
        for await (const chunk of answer) chunks.push(chunk as Buffer);
        expect(Buffer.concat(chunks).equals(body)).toBe(true);
      }
    },
  );

  test.each(["/length", "/chunks"])("a client that reads late gets every byte: %s", async (path) => {
    rig = await RouterRig.start();
    const body = Buffer.alloc(16_000_000, Buffer.from(Array.from({ length: 253 }, (_, index) => index)));
    const written = Promise.withResolvers<void>();
    // In many small pieces, so that one of them is the first that finds the client's buffers full.
    const { port } = await rig.service(async (request, response) => {
      if (request.url === "/length") response.setHeader("content-length", body.length);
      for (let at = 0; at < body.length; at += 16_000) {
        response.write(body.subarray(at, at + 16_000));
        await new Promise(setImmediate);
      }
      response.end();
      written.resolve();
    });
    await rig.goLive("a", port);
    const sent = httpRequest({ host: "127.0.0.1", port: rig.router.record.port, path, agent: false });
    sent.end();
    const [answer] = (await once(sent, "response")) as [IncomingMessage];
    await written.promise;
    const chunks: Buffer[] = [];
    for await (const chunk of answer) chunks.push(chunk as Buffer);
    expect(Buffer.concat(chunks).equals(body)).toBe(true);
  });

  test("stops reading from a service whose client does not read", async () => {
    rig = await RouterRig.start();
    let writtenBytes = 0;
    const { port } = await rig.service((_request, response) => {
      const write = (): void => {
        while (writtenBytes < 200_000_000) {
          writtenBytes += 65_536;
          if (!response.write(Buffer.alloc(65_536))) return void response.once("drain", write);
        }
      };
      write();
    });
    await rig.goLive("a", port);
    const client = rig.connect();
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
    await expect.poll(async () => (await rig.trafficOf("a"))?.inFlightCount, POLL).toBe(0);
  });

  test("counts what is in flight exactly, through answers, errors and clients that go away", async () => {
    rig = await RouterRig.start();
    const held: Socket[] = [];
    let arrivedCount = 0;
    const { port } = await rig.service((request, response) => {
      arrivedCount += 1;
      if (request.url === "/hang") return;
      if (request.url === "/break") return void request.socket.destroy();
      response.end("ok");
    });
    await rig.goLive("a", port);
    for (let index = 0; index < 5; index += 1) {
      const socket = rig.connect();
      socket.write("POST /hang HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n{}");
      held.push(socket);
    }
    await expect.poll(() => arrivedCount, POLL).toBe(5);
    expect(await rig.trafficOf("a")).toMatchObject({ inFlightCount: 5 });
    expect((await rig.ask("POST", "/break", {})).status).toBe(502);
    expect((await rig.ask("GET", "/fine")).status).toBe(200);
    expect(await rig.trafficOf("a")).toMatchObject({ inFlightCount: 5, requestCount: 2, failureCount: 1 });
    for (const socket of held) socket.destroy();
    await expect.poll(async () => (await rig.trafficOf("a"))?.inFlightCount, POLL).toBe(0);
    // A client that goes away says nothing about the service.
    expect(await rig.trafficOf("a")).toMatchObject({ failureCount: 1 });
  });

  test("never sends a POST twice, and a GET at most twice, when the service breaks off", async () => {
    rig = await RouterRig.start();
    const seen: string[] = [];
    const { port } = await rig.service((request) => {
      seen.push(`${request.method} ${request.url}`);
      request.socket.destroy();
    });
    await rig.goLive("a", port);
    expect((await rig.ask("POST", "/order", { a: 1 })).status).toBe(502);
    expect((await rig.ask("DELETE", "/order")).status).toBe(502);
    expect((await rig.ask("GET", "/film")).status).toBe(502);
    expect(seen).toEqual(["POST /order", "DELETE /order", "GET /film", "GET /film"]);
  });

  test("cuts an answer off that the service does not finish, instead of passing half of it for whole", async () => {
    rig = await RouterRig.start();
    const { port } = await rig.service((_request, response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("half");
      setTimeout(() => response.destroy(), 20);
    });
    await rig.goLive("a", port);
    await expect(rig.ask("GET", "/")).rejects.toThrow(/aborted|hang up|ECONNRESET/);
    expect(await rig.trafficOf("a")).toMatchObject({ inFlightCount: 0, failureCount: 1 });
  });

  test("answers 504 when the service takes too long, and counts it", async () => {
    rig = await RouterRig.start({ limits: { headTimeoutMs: 300 } });
    const { port } = await rig.service(() => {});
    await rig.goLive("a", port);
    expect((await rig.ask("POST", "/", {})).status).toBe(504);
    expect(await rig.trafficOf("a")).toMatchObject({ inFlightCount: 0, failureCount: 1 });
  });
});
