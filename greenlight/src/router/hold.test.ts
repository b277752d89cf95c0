import { once } from "node:events";

import { afterEach, describe, expect, test } from "vitest";

import type { RouterLimits } from "./router.ts";
import { RouterRig } from "./testing/router-rig.ts";

const POLL = { timeout: 15_000, interval: 5 } as const;
const MINUTE_MS = 60_000;

describe("a hold", () => {
  let rig: RouterRig;
  afterEach(() => rig.end());

  async function start(limits: Partial<RouterLimits> = {}): Promise<{ readonly blue: number; readonly green: number }> {
    rig = await RouterRig.start({ limits: { holdMs: 100, ...limits } });
    const named = async (name: string): Promise<number> => {
      const { port } = await rig.service((request, response) => {
        request.resume();
        request.on("end", () => response.end(name));
      });
      return port;
    };
    return { blue: await named("blue"), green: await named("green") };
  }

  test("lets requests wait while nothing serves, and sends all of them to the release that comes", async () => {
    const { blue, green } = await start();
    await rig.route("blue", blue);
    expect((await rig.ask("GET", "/")).text).toBe("blue");
    expect(await rig.route("blue", blue, Date.now() + MINUTE_MS)).toBe(200);
    const waiting = Array.from({ length: 20 }, (_, index) =>
      rig.ask(index % 2 ? "POST" : "GET", "/", index % 2 ? {} : undefined),
    );
    const large = rig.ask("POST", "/", "x".repeat(200_000));
    await expect.poll(async () => (await rig.status()).waitingCount, POLL).toBe(21);
    expect((await rig.trafficOf("blue"))?.requestCount).toBe(1);
    await rig.route("green", green);
    expect((await Promise.all([...waiting, large])).map(({ text }) => text)).toEqual(Array(21).fill("green"));
    expect(await rig.status()).toMatchObject({ waitingCount: 0, waitingBytes: 0 });
  });

  test("lets what is under way at the old release end there", async () => {
    const { green } = await start();
    const releases: (() => void)[] = [];
    const blue = await rig.service((_request, response) => void releases.push(() => response.end("blue")));
    await rig.route("blue", blue.port);
    const slow = rig.ask("GET", "/");
    await expect.poll(() => releases.length, POLL).toBe(1);
    await rig.route("blue", blue.port, Date.now() + MINUTE_MS);
    releases[0]?.();
    expect((await slow).text).toBe("blue");
    const waiting = rig.ask("GET", "/");
    await rig.route("green", green);
    expect((await waiting).text).toBe("green");
  });

  test("ends by itself: nobody is left waiting by a controller that died", async () => {
    const { blue } = await start();
    await rig.route("blue", blue, Date.now() + 200);
    const startedAt = performance.now();
    expect((await rig.ask("GET", "/")).text).toBe("blue");
    expect(performance.now() - startedAt).toBeGreaterThan(100);
    expect(rig.lines).toContain("hold: over, as its time is up");
  });

  test("is never longer than its bound, whatever was ordered", async () => {
    const { blue } = await start({ longestHoldMs: 150 });
    await rig.route("blue", blue, Date.now() + 1000 * MINUTE_MS);
    expect((await rig.ask("GET", "/")).text).toBe("blue");
  });

  test("takes no more requests than its bound; the rest hear when to come again", async () => {
    const { blue, green } = await start({ waitingLimit: 3 });
    await rig.route("blue", blue, Date.now() + 30_000);
    const waiting = [1, 2, 3].map(() => rig.ask("GET", "/"));
    await expect.poll(async () => (await rig.status()).waitingCount, POLL).toBe(3);
    const refused = await rig.ask("GET", "/");
    expect(refused.status).toBe(503);
    expect(Number(refused.headers["retry-after"])).toBeGreaterThan(25);
    await rig.route("green", green);
    expect((await Promise.all(waiting)).map(({ status }) => status)).toEqual([200, 200, 200]);
    expect((await rig.status()).refusals).toEqual({ 503: 1 });
  });

  test("takes no more bytes than its bound", async () => {
    const { blue, green } = await start({ waitingLimitBytes: 100_000 });
    await rig.route("blue", blue, Date.now() + MINUTE_MS);
    const small = rig.ask("POST", "/", "x".repeat(40_000));
    await expect.poll(async () => (await rig.status()).waitingBytes, POLL).toBe(40_002);
    expect((await rig.ask("POST", "/", "x".repeat(60_000))).status).toBe(503);
    const none = rig.ask("GET", "/");
    await expect.poll(async () => (await rig.status()).waitingCount, POLL).toBe(2);
    await rig.route("green", green);
    expect([(await small).text, (await none).text]).toEqual(["green", "green"]);
  });

  test("forgets clients that go away, and gives their bytes free", async () => {
    const { blue } = await start();
    await rig.route("blue", blue, Date.now() + MINUTE_MS);
    const client = rig.connect();
    client.write("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc");
    await expect.poll(async () => (await rig.status()).waitingBytes, POLL).toBe(3);
    client.destroy();
    await expect.poll(async () => rig.status(), POLL).toMatchObject({ waitingCount: 0, waitingBytes: 0 });
  });

  test("is kept over the end of the router", async () => {
    const { blue, green } = await start();
    await rig.route("blue", blue, Date.now() + MINUTE_MS);
    await rig.router.close(0);
    await rig.startRouter();
    const waiting = rig.ask("GET", "/");
    await expect.poll(async () => (await rig.status()).waitingCount, POLL).toBe(1);
    await rig.route("green", green);
    expect((await waiting).text).toBe("green");
  });

  test("is ended by another swap to the same release", async () => {
    const { blue } = await start();
    await rig.route("blue", blue, Date.now() + MINUTE_MS);
    const client = rig.connect();
    client.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
    await expect.poll(async () => (await rig.status()).waitingCount, POLL).toBe(1);
    await rig.route("blue", blue);
    const [answer] = (await once(client, "data")) as [Buffer];
    expect(answer.toString()).toMatch(/^HTTP\/1\.1 200 /);
  });
});
