import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { processes, type ProcessesOptions } from "../../greenlight/src/adapters/targets/index.ts";
import { connect } from "../../greenlight/src/adapters/targets/processes/index.ts";
import { systemClock } from "../../greenlight/src/base/system-clock.ts";
import type { DeployOutcome, Environment } from "../../greenlight/src/deployment/environment.ts";
import { openEnvironment } from "../../greenlight/src/deployment/open-environment.ts";
import { steadyLoad } from "../../greenlight/src/deployment/testing/steady-load.ts";
import { testReleases, type TestReleases } from "../../greenlight/src/deployment/testing/test-release.ts";
import { freePort } from "../../greenlight/src/keeper/free-port.ts";
import { waitUntil } from "../../greenlight/src/keeper/testing/wait-until.ts";

const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] === "1";
const CLIENT_COUNT = 50;
const LONG_MS = 600_000;

/** Whole deployments, each with all of its states, while clients that never try again send what services get. */
describe("deployments under load", () => {
  let folder: string;
  let port: number;
  let releases: TestReleases;
  let environment: Environment;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "under-load-"));
    port = await freePort();
    releases = await testReleases(join(folder, "blobs"), "staging");
  });
  afterEach(async () => {
    await environment.stop();
    await rm(folder, { recursive: true, force: true });
  });

  function open(change: Partial<ProcessesOptions>): void {
    const { options } = processes({ port, bakeMs: 400, drainMs: 10_000, startTimeoutMs: 20_000, ...change });
    const home = join(folder, "environment");
    const target = connect({ name: "staging", folder: home, options, configuration: {} });
    environment = openEnvironment({ name: "staging", folder: home, target, clock: systemClock });
  }

  async function deploy(label: string, variables: Readonly<Record<string, string>> = {}): Promise<DeployOutcome> {
    return environment.deploy({
      ...(await releases.make(label, variables)),
      approval: null,
      who: "a test",
      why: "to see",
      runId: "run",
      signal: new AbortController().signal,
      onTransition: () => {},
      log: () => {},
    });
  }

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
      open({});
      await deploy("r0");
      const endLoad = steadyLoad(port, CLIENT_COUNT);
      await settled();
      const startedAt = performance.now();
      for (let count = 1; count <= 20; count += 1) {
        const outcome = await deploy(`r${count}`);
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
      open({ swap: "hold" });
      await deploy("r0");
      const endLoad = steadyLoad(port, CLIENT_COUNT);
      await settled();
      const watch = watchServices(join(folder, "environment"));
      for (let count = 1; count <= 5; count += 1) {
        const outcome = await deploy(`r${count}`);
        expect([count, outcome.kind, outcome.problems]).toEqual([count, "deployed", []]);
        expect(outcome.deployment.transitions.map(({ state }) => state)).toContain("stopping-blue");
      }
      const live = (await environment.observe()).live?.releaseId;
      const failed = await deploy("broken", { FLAW: "crash-at-start" });
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

/** How many services ran at once at most, looked at often. */
function watchServices(folder: string): { end(): number } {
  let most = 0;
  const timer = setInterval(() => {
    most = Math.max(most, servicesOf(folder));
  }, 20);
  return {
    end: () => {
      clearInterval(timer);
      return most;
    },
  };
}

/** Services run programs of the environment's releases. */
function servicesOf(folder: string): number {
  if (process.platform !== "linux") return 0;
  const mark = join(folder, "releases", "/");
  return readdirSync("/proc").filter((name) => {
    try {
      return /^\d+$/.test(name) && readFileSync(`/proc/${name}/cmdline`, "utf8").includes(mark);
    } catch {
      return false;
    }
  }).length;
}
