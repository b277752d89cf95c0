import { readdir } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { steadyLoad } from "../../greenlight/src/deployment/testing/steady-load.ts";
import { callHttp } from "../../greenlight/src/keeper/control-client.ts";
import { EnvironmentRig } from "./testing/environment-rig.ts";

const POLL = { timeout: 15_000, interval: 20 } as const;
const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] !== undefined;

describe("blue-green under load", () => {
  let rig: EnvironmentRig;

  beforeEach(async () => {
    rig = await EnvironmentRig.start();
  });
  afterEach(() => rig.dispose());

  test.runIf(IS_HEAVY)("five redeployments under load lose no request", async () => {
    await rig.deploy("r0");
    const endLoad = steadyLoad(rig.port, 20);
    for (let index = 1; index <= 5; index += 1) expect((await rig.deploy(`r${index}`)).kind).toBe("deployed");
    const report = await endLoad();
    expect(report.failures).toEqual([]);
    expect(report.requestCount).toBeGreaterThan(500);
    expect(await rig.served()).toBe(await rig.releaseIdOf("r5"));
    // Live, and the two before it.
    expect((await readdir(join(rig.folder, "releases"))).filter((name) => !name.endsWith(".json"))).toHaveLength(3);
    const { slots } = await rig.environment.observe();
    expect(slots.map(({ warmUntil }) => warmUntil === null).toSorted()).toEqual([false, true]);
  });

  test.runIf(IS_HEAVY)("without time to drain the same load does lose requests, so it would notice", async () => {
    const hasty = rig.open({ drainMs: 0 });
    const patient = { variables: {}, into: hasty };
    await rig.deploy("r0", patient);
    const slow = Array.from({ length: 10 }, () =>
      callHttp({
        host: "127.0.0.1",
        port: rig.port,
        method: "POST",
        path: "/echo?delay-ms=3000",
        body: {},
        timeoutMs: 8000,
      }),
    );
    await expect.poll(async () => (await hasty.observe()).router?.inFlightCount, POLL).toBe(10);
    await rig.deploy("r1", patient);
    const statuses = (await Promise.all(slow)).map((reply) => reply.status);
    expect(statuses.filter((status) => status !== 200).length).toBeGreaterThan(0);
  });

  test.runIf(IS_HEAVY)("releases that fail leave the old one serving, and say why", async () => {
    await rig.deploy("good");
    const endLoad = steadyLoad(rig.port, 5);
    const flaws = { "crash-at-start": "the model file is broken", unhealthy: "/health: status 500" };
    for (const [flaw, told] of Object.entries(flaws)) {
      const outcome = await rig.deploy("bad", { variables: { FLAW: flaw } });
      expect([flaw, outcome.kind]).toEqual([flaw, "aborted"]);
      expect(outcome.problems[0]?.message).toContain(told);
    }
    // It crashes at once after it has got the traffic: back to the old one.
    const crashing = await rig.deploy("bad", {
      variables: { FLAW: "crash-on-request" },
      onTransition: ({ state }) => {
        if (state === "baking")
          void callHttp({ host: "127.0.0.1", port: rig.port, method: "GET", path: "/crash", timeoutMs: 3000 });
      },
    });
    expect(crashing.kind).toBe("rolled-back");
    const { failures } = await endLoad();
    expect(await rig.served()).toBe(await rig.releaseIdOf("good"));
    expect((await rig.environment.observe()).slots).toHaveLength(1);
    // Only what was under way at the crashing process can have broken: without an answer, or in the middle of one.
    expect(failures.filter((line) => !/502|hang up|aborted/u.test(line))).toEqual([]);
    expect(failures.filter((line) => line.includes("aborted")).length).toBeLessThanOrEqual(5);
  });

  test.runIf(IS_HEAVY)("thirty seconds of load across redeployments and kills of keeper lose no request", async () => {
    await rig.deploy("r0");
    const endLoad = steadyLoad(rig.port, 20);
    const endAt = performance.now() + 30_000;
    for (let index = 1; performance.now() < endAt; index += 1) {
      if (index % 3 === 0) process.kill((await rig.environment.observe()).keeper?.pid ?? 0, "SIGKILL");
      expect((await rig.deploy(`h${index}`)).kind).toBe("deployed");
    }
    expect((await endLoad()).failures).toEqual([]);
  });
});
