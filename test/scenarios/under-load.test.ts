import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { Environment } from "../../greenlight/src/deployment/environment.ts";
import { steadyLoad } from "../../greenlight/src/deployment/testing/steady-load.ts";
import { waitUntil } from "../../greenlight/src/keeper/testing/wait-until.ts";
import { EnvironmentRig } from "./testing/environment-rig.ts";
import { processesOf } from "./testing/processes.ts";

const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] === "1";
const CLIENT_COUNT = 50;
const LONG_MS = 600_000;

/** Whole deployments, each with all of its states, while clients that never try again send what services get. */
describe("deployments under load", () => {
  let rig: EnvironmentRig;
  let environment: Environment;

  beforeEach(async () => {
    rig = await EnvironmentRig.start({ drainMs: 10_000, startTimeoutMs: 20_000 });
    ({ environment } = rig);
  });
  afterEach(() => rig.dispose());

  /** All clients are connected, and each kind of request is under way. */
  async function settled(): Promise<void> {
    const { router } = await environment.observe();
    const before = router?.requestCount ?? 0;
    await waitUntil(
      "some load",
      async () =>
        ((await environment.observe()).router?.requestCount ?? 0) > before + 10 * CLIENT_COUNT ? true : null,
      60_000,
    );
  }

  test.runIf(IS_HEAVY)(
    "twenty of them with fifty clients reset no connection, refuse no request and shorten no answer",
    async () => {
      await rig.deploy("r0", { into: environment });
      const endLoad = steadyLoad(rig.port, CLIENT_COUNT);
      await settled();
      const startedAt = performance.now();
      for (let count = 1; count <= 20; count += 1) {
        const outcome = await rig.deploy(`r${count}`, { into: environment });
        expect([count, outcome.kind, outcome.problems]).toEqual([count, "deployed", []]);
        const states = outcome.deployment.transitions.map(({ state }) => state);
        expect(states).toEqual(expect.arrayContaining(["health", "smoke", "switching", "baking", "draining"]));
        expect(states.at(-1)).toBe("succeeded");
      }
      const seconds = (performance.now() - startedAt) / 1000;
      const { requestCount, failures } = await endLoad();
      console.log(`20 deployments in ${seconds.toFixed(0)} s, ${requestCount} requests, ${failures.length} failures`);
      expect(failures).toEqual([]);
      expect(requestCount).toBeGreaterThan(2000);
    },
    LONG_MS,
  );

  test.runIf(IS_HEAVY)(
    "where only one release fits, requests wait, none is lost, and never do two services run",
    async () => {
      environment = rig.open({ swap: "hold" });
      await rig.deploy("r0", { into: environment });
      const endLoad = steadyLoad(rig.port, CLIENT_COUNT);
      await settled();
      const watch = watchServices(rig.folder);
      for (let count = 1; count <= 5; count += 1) {
        const outcome = await rig.deploy(`r${count}`, { into: environment });
        expect([count, outcome.kind, outcome.problems]).toEqual([count, "deployed", []]);
        expect(outcome.deployment.transitions.map(({ state }) => state)).toContain("stopping-blue");
      }
      const live = (await environment.observe()).live?.releaseId;
      const failed = await rig.deploy("broken", { into: environment, variables: { FLAW: "crash-at-start" } });
      expect(failed.kind).toBe("aborted");
      await settled();
      const { requestCount, failures } = await endLoad();
      const most = watch.end();
      console.log(`one at a time: ${requestCount} requests, ${failures.length} failures, at most ${most} services`);
      expect(failures).toEqual([]);
      if (process.platform === "linux") expect(most).toBe(1);
      const after = await environment.observe();
      expect([after.status, after.live?.releaseId, after.slots.length]).toEqual(["running", live, 1]);
    },
    LONG_MS,
  );
});

/** How many services ran at once at most, looked at often: they run programs of the environment's releases. */
function watchServices(folder: string): { end(): number } {
  let most = 0;
  const timer = setInterval(() => {
    most = Math.max(most, processesOf(join(folder, "releases", "/")).length);
  }, 20);
  return {
    end: () => {
      clearInterval(timer);
      return most;
    },
  };
}
