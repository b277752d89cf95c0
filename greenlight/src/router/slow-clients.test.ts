import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";

import { afterEach, describe, expect, test } from "vitest";

import { RouterRig } from "./testing/router-rig.ts";

const POLL = { timeout: 15_000, interval: 10 } as const;

describe("clients that are too slow", () => {
  let rig: RouterRig;
  afterEach(() => rig.end());

  /** Everything that a client reads until the router closes the connection. */
  async function read(text: string, everyMs = 0, more = ""): Promise<string> {
    const socket = rig.connect();
    let answer = "";
    socket.on("data", (chunk: Buffer) => (answer += chunk.toString()));
    socket.write(text);
    const timer = everyMs === 0 ? null : setInterval(() => socket.write(more), everyMs);
    await once(socket, "close");
    if (timer !== null) clearInterval(timer);
    return answer;
  }

  test("don't get longer than their time for the head of a request, drop by drop or not", async () => {
    rig = await RouterRig.start({ limits: { clientHeadTimeoutMs: 300 } });
    const startedAt = performance.now();
    const [silent, dripping, empty] = await Promise.all([
      read("GET / HTTP/1.1\r\n"),
      read("GET / HTTP/1.1\r\nHost: x\r\n", 50, "a: b\r\n"),
      read("GET /\r\n"),
    ]);
    expect(silent).toMatch(/^HTTP\/1\.1 408 /);
    expect(dripping).toMatch(/^HTTP\/1\.1 408 /);
    expect(empty).not.toMatch(/200/);
    expect(performance.now() - startedAt).toBeLessThan(5000);
  });

  test.each([
    ["small", 5000],
    ["large", 500_000],
  ])("lose a %s upload that comes in too slowly, and the service is not blamed", async (_name, size) => {
    rig = await RouterRig.start({ limits: { uploadWindowMs: 400, uploadBytesPerSecond: 500 } });
    const { port } = await rig.service((request, response) => {
      request.resume();
      request.on("end", () => response.end("ok"));
      request.on("error", () => {});
    });
    await rig.route("a", port);
    const head = `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: ${size}\r\n\r\n`;
    expect(await read(head, 50, "x")).toMatch(/^HTTP\/1\.1 408 /);
    await expect.poll(async () => (await rig.trafficOf("a"))?.inFlightCount ?? 0, POLL).toBe(0);
    expect((await rig.status()).refusals).toEqual({ 408: 1 });
    expect((await rig.trafficOf("a"))?.failureCount ?? 0).toBe(0);
  });

  test("are not those whose upload waits for the service or for a route", async () => {
    rig = await RouterRig.start({ limits: { uploadWindowMs: 200, uploadBytesPerSecond: 100_000, holdMs: 5000 } });
    const body = "x".repeat(3_000_000);
    const waiting = rig.ask("POST", "/", body);
    await expect.poll(async () => (await rig.status()).waitingCount, POLL).toBe(1);
    await pause(600);
    const { port } = await rig.service((request, response) => {
      // Reads nothing for a while: the client is held up by the service.
      setTimeout(() => request.resume(), 600);
      request.on("end", () => response.end("ok"));
    });
    await rig.route("a", port);
    expect((await waiting).text).toBe("ok");
  });

  test("are cut off when they don't read what they asked for", async () => {
    rig = await RouterRig.start({ limits: { readStallMs: 400 } });
    const { port } = await rig.service((_request, response) => void response.end(Buffer.alloc(50_000_000)));
    await rig.route("a", port);
    const socket = rig.connect();
    socket.pause();
    socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await expect.poll(async () => (await rig.trafficOf("a"))?.inFlightCount, POLL).toBe(1);
    await expect.poll(async () => (await rig.trafficOf("a"))?.inFlightCount, POLL).toBe(0);
    expect(await rig.trafficOf("a")).toMatchObject({ failureCount: 0, requestCount: 1 });
  });

  test("but steady ones are left in peace", async () => {
    rig = await RouterRig.start({ limits: { uploadWindowMs: 200, uploadBytesPerSecond: 500, readStallMs: 200 } });
    const { port } = await rig.service((request, response) => void request.pipe(response));
    await rig.route("a", port);
    const socket = rig.connect();
    let answer = "";
    socket.on("data", (chunk: Buffer) => (answer += chunk.toString()));
    socket.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\nConnection: close\r\n\r\n");
    const timer = setInterval(() => socket.write("x".repeat(5000)), 50);
    await once(socket, "close");
    clearInterval(timer);
    expect(answer).toMatch(/^HTTP\/1\.1 200 /);
    expect(answer.match(/x/g)?.length).toBeGreaterThanOrEqual(100_000);
  });
});
