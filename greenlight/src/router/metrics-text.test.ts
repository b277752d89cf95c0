import { once } from "node:events";
import { createServer } from "node:net";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { callHttp } from "../keeper/control-client.ts";
import { freePort } from "../keeper/free-port.ts";
import { RouterRig } from "./testing/router-rig.ts";

describe("the router's metrics", () => {
  let rig: RouterRig;
  beforeEach(async () => {
    rig = await RouterRig.start();
  });
  afterEach(() => rig.end());

  test("count per deployment what was answered, what broke, what is under way, and how long it took", async () => {
    const { port } = await rig.service((request, response) => {
      if (request.url === "/break") return void request.socket.destroy();
      if (request.url === "/hang") return;
      response.writeHead(Number(request.url?.slice(1))).end();
    });
    await rig.route("d1", port);
    for (const status of [200, 204, 302, 404, 500, 503]) await rig.ask("GET", `/${status}`);
    await rig.ask("POST", "/break", {});
    await rig.ask("BREW", "/").catch(() => {});
    const hanging = rig.connect();
    hanging.write("GET /hang HTTP/1.1\r\nHost: x\r\n\r\n");
    await expect.poll(async () => (await rig.trafficOf("d1"))?.inFlightCount).toBe(1);

    const reply = await rig.admin("GET", "/metrics");
    expect(reply.headers["content-type"]).toBe("text/plain; version=0.0.4; charset=utf-8");
    const lines = reply.text.split("\n");
    expect(lines).toEqual(
      expect.arrayContaining([
        "# TYPE greenlight_router_requests_total counter",
        'greenlight_router_requests_total{deployment="d1",code="2xx"} 2',
        'greenlight_router_requests_total{deployment="d1",code="3xx"} 1',
        'greenlight_router_requests_total{deployment="d1",code="4xx"} 1',
        'greenlight_router_requests_total{deployment="d1",code="5xx"} 2',
        'greenlight_router_failures_total{deployment="d1"} 1',
        'greenlight_router_in_flight{deployment="d1"} 1',
        'greenlight_router_long_lived{deployment="d1"} 0',
        'greenlight_router_live{deployment="d1"} 1',
        "# TYPE greenlight_router_request_duration_seconds histogram",
        'greenlight_router_request_duration_seconds_bucket{deployment="d1",le="+Inf"} 6',
        'greenlight_router_request_duration_seconds_count{deployment="d1"} 6',
        'greenlight_router_refusals_total{code="400"} 1',
        "greenlight_router_waiting 0",
      ]),
    );
    const buckets = lines.flatMap((line) => /duration_seconds_bucket.* (\d+)$/.exec(line)?.[1] ?? []).map(Number);
    expect(buckets).toHaveLength(14);
    expect(buckets).toEqual(buckets.toSorted((left, right) => left - right));
    // A family is told once, in one piece: readers refuse anything else.
    const families = lines.flatMap((line) => /^# TYPE (\S+)/.exec(line)?.[1] ?? []);
    expect(new Set(families).size).toBe(families.length);
  });

  test("are told to nobody without the token", async () => {
    const call = { host: "127.0.0.1", port: rig.router.record.adminPort, timeoutMs: 2000 };
    expect((await callHttp({ ...call, method: "GET", path: "/metrics" })).status).toBe(401);
  });

  test("are told at a port of their own without a token, also when it was taken at first", async () => {
    const port = await freePort();
    const other = createServer().listen(port, "127.0.0.1");
    await once(other, "listening");
    const serving = await RouterRig.start({ metrics: { host: "127.0.0.1", port } });
    try {
      await expect.poll(() => serving.lines.some((line) => line.includes("EADDRINUSE"))).toBe(true);
      other.close();
      const at = (path: string, method = "GET"): Promise<Response> =>
        fetch(`http://127.0.0.1:${port}${path}`, { method });
      await expect.poll(async () => (await at("/metrics").catch(() => null))?.status, { timeout: 10_000 }).toBe(200);
      expect(await (await at("/metrics")).text()).toContain("greenlight_router_waiting 0");
      expect([(await at("/status")).status, (await at("/metrics", "PUT")).status]).toEqual([404, 405]);
    } finally {
      other.close();
      await serving.end();
    }
  });
});
