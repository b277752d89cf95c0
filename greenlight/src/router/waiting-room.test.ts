import { afterEach, describe, expect, test } from "vitest";

import { RouterRig } from "./testing/router-rig.ts";

const POLL = { timeout: 4000, interval: 5 } as const;

describe("the router, while no service answers", () => {
  let rig: RouterRig;
  afterEach(() => rig.end());

  test("holds requests while the service is away, and none fails when it comes back", async () => {
    rig = await RouterRig.start();
    const first = await rig.service((_request, response) => void response.end("first"));
    await rig.goLive("a", first.port);
    expect((await rig.ask("GET", "/")).text).toBe("first");
    first.server.close();
    first.server.closeAllConnections();
    const waiting = Array.from({ length: 30 }, (_, index) =>
      rig.ask(index % 2 === 0 ? "GET" : "POST", "/", index || {}),
    );
    await expect.poll(async () => (await rig.status()).waitingCount, POLL).toBeGreaterThanOrEqual(29);
    await rig.service((_request, response) => void response.end("again"), first.port);
    expect(new Set((await Promise.all(waiting)).map(({ text }) => text))).toEqual(new Set(["again"]));
    expect(await rig.trafficOf("a")).toMatchObject({ inFlightCount: 0, failureCount: 0 });
  });

  test("sends waiting requests to the new route as soon as there is one", async () => {
    rig = await RouterRig.start();
    const waiting = rig.ask("POST", "/", { a: 1 });
    await expect.poll(async () => (await rig.status()).waitingCount, POLL).toBe(1);
    const { port } = await rig.service((_request, response) => void response.end("live"));
    await rig.goLive("a", port);
    expect((await waiting).text).toBe("live");
  });

  test("gives up with 503 when nobody comes back, and takes no more than its bound to wait", async () => {
    rig = await RouterRig.start({ limits: { holdMs: 300, waitingLimit: 2 } });
    const answers = await Promise.all([
      rig.ask("GET", "/"),
      rig.ask("GET", "/"),
      rig.ask("GET", "/"),
      rig.ask("GET", "/"),
    ]);
    expect(answers.map((answer) => answer.status)).toEqual([503, 503, 503, 503]);
    expect((await rig.status()).waitingCount).toBe(0);
  });
});
