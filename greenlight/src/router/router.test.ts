import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { Agent, request as httpRequest, type IncomingMessage } from "node:http";
import { join } from "node:path";

import { afterEach, describe, expect, test } from "vitest";

import { callHttp, type HttpReply } from "../keeper/control-client.ts";
import { startRouter } from "./router.ts";
import { RouterRig } from "./testing/router-rig.ts";

const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] === "1";
const POLL = { timeout: 4000, interval: 5 } as const;

describe("the router", () => {
  let rig: RouterRig;
  afterEach(() => rig.end());

  test("after a swap no new request reaches the old deployment, and what is in flight there ends well", async () => {
    rig = await RouterRig.start();
    const releases: (() => void)[] = [];
    const blue = await rig.service((request, response) => {
      if (request.url === "/slow") releases.push(() => response.end("blue"));
      else response.end("blue");
    });
    const green = await rig.service((_request, response) => void response.end("green"));
    await rig.goLive("blue", blue.port);
    const slow = rig.ask("GET", "/slow");
    await expect.poll(() => releases.length, POLL).toBe(1);
    await rig.goLive("green", green.port);
    const answers = await Promise.all(Array.from({ length: 20 }, () => rig.ask("GET", "/")));
    expect(new Set(answers.map((answer) => answer.text))).toEqual(new Set(["green"]));
    expect(await rig.trafficOf("blue")).toMatchObject({ inFlightCount: 1 });
    releases[0]?.();
    expect(await slow).toMatchObject({ status: 200, text: "blue" });
    expect(await rig.trafficOf("blue")).toMatchObject({ inFlightCount: 0 });
    expect((await rig.admin("POST", "/close", { deploymentId: "blue" })).status).toBe(200);
    expect(await rig.trafficOf("blue")).toBeUndefined();
  });

  test("does not close the deployment that has the traffic", async () => {
    rig = await RouterRig.start();
    const { port } = await rig.service((_request, response) => void response.end("ok"));
    await rig.goLive("a", port);
    expect((await rig.admin("POST", "/close", { deploymentId: "a" })).status).toBe(409);
    expect((await rig.ask("GET", "/")).status).toBe(200);
  });

  test("tells nothing and changes nothing without its token", async () => {
    rig = await RouterRig.start();
    const call = { host: "127.0.0.1", port: rig.router.record.adminPort, timeoutMs: 2000 };
    expect((await callHttp({ ...call, method: "GET", path: "/status" })).status).toBe(401);
    expect((await callHttp({ ...call, method: "PUT", path: "/route", token: "0".repeat(64), body: {} })).status).toBe(
      401,
    );
  });

  test.runIf(IS_HEAVY)("swaps dozens of times under load without a failed request", async () => {
    rig = await RouterRig.start();
    const names = ["blue", "green"] as const;
    const ports = await Promise.all(
      names.map(
        async (name) =>
          (
            await rig.service((request, response) => {
              request.resume();
              request.on("end", () => response.end(name));
            })
          ).port,
      ),
    );
    await rig.goLive("d0", ports[0] ?? 0);
    const over = new AbortController();
    const load = Array.from({ length: 8 }, async (_, index) => {
      const bad: HttpReply[] = [];
      while (!over.signal.aborted) {
        const answer = await rig.ask(index % 2 === 0 ? "GET" : "POST", "/", index % 2 === 0 ? undefined : { index });
        if (answer.status !== 200) bad.push(answer);
      }
      return bad;
    });
    for (let swap = 1; swap <= 40; swap += 1) {
      await rig.goLive(`d${swap}`, ports[swap % 2] ?? 0);
      const old = `d${swap - 1}`;
      await expect.poll(async () => (await rig.trafficOf(old))?.inFlightCount ?? 0, POLL).toBe(0);
      await rig.admin("POST", "/close", { deploymentId: old });
    }
    over.abort();
    expect((await Promise.all(load)).flat()).toEqual([]);
  });

  test("starts with the route that it had", async () => {
    rig = await RouterRig.start();
    const { port } = await rig.service((_request, response) => void response.end("still here"));
    await rig.goLive("a", port);
    await rig.router.close(0);
    await rig.startRouter();
    expect((await rig.ask("GET", "/")).text).toBe("still here");
    expect(JSON.parse(await readFile(join(rig.folder, "route.json"), "utf8"))).toMatchObject({ upstream: { port } });
  });

  test("says so when its port is taken", async () => {
    rig = await RouterRig.start();
    const { port } = await rig.service(() => {});
    const second = await startRouter({ folder: rig.folder, host: "127.0.0.1", port, log: () => {} });
    expect(second).toMatchObject({ ok: false, error: { code: "PORT_TAKEN", place: `port ${port}` } });
  });

  test("cuts nobody off when it ends while clients send one request after the other on their connections", async () => {
    rig = await RouterRig.start();
    const { port } = await rig.service((_request, response) => void setTimeout(() => response.end("done"), 5));
    await rig.goLive("a", port);
    const agent = new Agent({ keepAlive: true });
    const ends: string[] = [];
    let answerCount = 0;
    const clients = Array.from({ length: 10 }, async () => {
      for (;;) {
        const sent = httpRequest({ host: "127.0.0.1", port: rig.router.record.port, agent });
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
    await rig.router.close(4000);
    await Promise.all(clients);
    agent.destroy();
    expect(ends).toEqual(Array(10).fill("ECONNREFUSED"));
  });

  test("lets what is under way end before it closes", async () => {
    rig = await RouterRig.start();
    const releases: (() => void)[] = [];
    const { port } = await rig.service((_request, response) => void releases.push(() => response.end("done")));
    await rig.goLive("a", port);
    const answer = rig.ask("GET", "/");
    await expect.poll(() => releases.length, POLL).toBe(1);
    const closed = rig.router.close(3000);
    releases[0]?.();
    expect((await answer).text).toBe("done");
    await closed;
    await expect(rig.ask("GET", "/")).rejects.toThrow("ECONNREFUSED");
  });
});
