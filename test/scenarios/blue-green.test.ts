import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { mkdtemp, readdir, readFile, readlink, rm, stat, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { processes } from "../../greenlight/src/adapters/targets/index.ts";
import { connect } from "../../greenlight/src/adapters/targets/processes/index.ts";
import { processStartTime } from "../../greenlight/src/base/process-identity.ts";
import { systemClock } from "../../greenlight/src/base/system-clock.ts";
import type { DeployOutcome, Environment, Transition } from "../../greenlight/src/deployment/environment.ts";
import { openEnvironment } from "../../greenlight/src/deployment/open-environment.ts";
import { steadyLoad } from "../../greenlight/src/deployment/testing/steady-load.ts";
import {
  testReleases,
  type TestRelease,
  type TestReleases,
} from "../../greenlight/src/deployment/testing/test-release.ts";
import { callHttp } from "../../greenlight/src/keeper/control-client.ts";
import { freePort } from "../../greenlight/src/keeper/free-port.ts";
import { waitUntil } from "../../greenlight/src/keeper/testing/wait-until.ts";

const POLL = { timeout: 15_000, interval: 20 } as const;
const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] !== undefined;
const CONTROLLER = fileURLToPath(
  new URL("../../greenlight/src/deployment/testing/doomed-controller.ts", import.meta.url),
);

describe("blue-green on local processes", () => {
  let blobs: string;
  let releases: TestReleases;
  let folder: string;
  let port: number;
  let environment: Environment;

  beforeAll(async () => {
    blobs = await mkdtemp(join(tmpdir(), "blobs-"));
    releases = await testReleases(blobs, "staging");
  });
  afterAll(() => rm(blobs, { recursive: true, force: true }));

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "environment-"));
    port = await freePort();
    environment = open({});
  });
  afterEach(async () => {
    await environment.stop();
    await waitUntil("no process left", () => (processesOf(folder).length === 0 ? true : null));
    await rm(folder, { recursive: true, force: true });
  });

  function open(change: { readonly port?: number; readonly drainMs?: number }): Environment {
    const { options } = processes({ port, bakeMs: 400, drainMs: 3000, startTimeoutMs: 10_000, ...change });
    const target = connect({ name: "staging", folder, options, configuration: {} });
    return openEnvironment({ name: "staging", folder, target, clock: systemClock });
  }

  async function deploy(
    label: string,
    options: {
      readonly variables?: Readonly<Record<string, string>>;
      readonly signal?: AbortSignal;
      readonly into?: Environment;
      readonly release?: TestRelease;
      onTransition?(transition: Transition): void;
    } = {},
  ): Promise<DeployOutcome> {
    return (options.into ?? environment).deploy({
      ...(options.release ?? (await releases.make(label, options.variables))),
      approval: null,
      who: "a test",
      why: "to see",
      runId: "run",
      signal: options.signal ?? new AbortController().signal,
      onTransition: (transition) => options.onTransition?.(transition),
      log: () => {},
    });
  }

  async function served(): Promise<string | null> {
    const call = { host: "127.0.0.1", port, method: "GET", path: "/ready", timeoutMs: 3000 };
    const reply = await callHttp(call).catch(() => null);
    return reply?.status === 200 ? (JSON.parse(reply.text) as { releaseId: string }).releaseId : null;
  }

  const releaseIdOf = async (label: string, variables = {}): Promise<string> =>
    (await releases.make(label, variables)).releaseId;

  test("a release goes live, is already live the second time, and is gone after a stop", async () => {
    expect((await environment.observe()).status).toBe("absent");
    const first = await deploy("a");
    expect(first).toMatchObject({ kind: "deployed", problems: [] });
    expect(await served()).toBe(await releaseIdOf("a"));
    expect(await environment.observe()).toMatchObject({
      status: "running",
      live: { slot: "blue" },
      slots: [{ isReady: true }],
    });
    expect(await deploy("a")).toMatchObject({ kind: "already", deployment: { id: first.deployment.id } });

    const running = processesOf(folder);
    expect(running).toHaveLength(3);
    const stopped = await environment.stop();
    expect([...stopped.endedPids].toSorted()).toEqual(running.toSorted());
    expect((await environment.observe()).status).toBe("stopped");
    expect(await environment.stop()).toEqual({ wasRunning: false, endedPids: [] });

    const again = await deploy("a");
    expect([again.kind, again.why]).toEqual(["deployed", expect.stringContaining("was stopped")]);
    expect(await environment.history(10)).toHaveLength(2);
  });

  test("a release runs on the runtime that it brings along", async () => {
    const release = await releases.makeWhole("whole");
    expect((await deploy("whole", { release })).kind).toBe("deployed");
    const pid = (await environment.observe()).slots[0]?.pid ?? 0;
    if (process.platform === "linux") {
      expect(await readlink(`/proc/${pid}/exe`)).toBe(join(folder, "releases", release.digest, "runtime", "node"));
    }
    expect(await served()).toBe(release.releaseId);
  });

  test.runIf(IS_HEAVY)("five redeployments under load lose no request", async () => {
    await deploy("r0");
    const endLoad = steadyLoad(port, 20);
    for (let index = 1; index <= 5; index += 1) expect((await deploy(`r${index}`)).kind).toBe("deployed");
    const report = await endLoad();
    expect(report.failures).toEqual([]);
    expect(report.requestCount).toBeGreaterThan(500);
    expect(await served()).toBe(await releaseIdOf("r5"));
    // Live, and the two before it.
    expect((await readdir(join(folder, "releases"))).filter((name) => !name.endsWith(".json"))).toHaveLength(3);
    const { slots } = await environment.observe();
    expect(slots.map(({ warmUntil }) => warmUntil === null).toSorted()).toEqual([false, true]);
  });

  test.runIf(IS_HEAVY)("without time to drain the same load does lose requests, so it would notice", async () => {
    const hasty = open({ drainMs: 0 });
    const patient = { variables: {}, into: hasty };
    await deploy("r0", patient);
    const slow = Array.from({ length: 10 }, () =>
      callHttp({ host: "127.0.0.1", port, method: "POST", path: "/echo?delay-ms=3000", body: {}, timeoutMs: 8000 }),
    );
    await expect.poll(async () => (await hasty.observe()).router?.inFlightCount, POLL).toBe(10);
    await deploy("r1", patient);
    const statuses = (await Promise.all(slow)).map((reply) => reply.status);
    expect(statuses.filter((status) => status !== 200).length).toBeGreaterThan(0);
  });

  test.runIf(IS_HEAVY)("releases that fail leave the old one serving, and say why", async () => {
    await deploy("good");
    const endLoad = steadyLoad(port, 5);
    const flaws = { "crash-at-start": "the model file is broken", unhealthy: "/health: status 500" };
    for (const [flaw, told] of Object.entries(flaws)) {
      const outcome = await deploy("bad", { variables: { FLAW: flaw } });
      expect([flaw, outcome.kind]).toEqual([flaw, "aborted"]);
      expect(outcome.problems[0]?.message).toContain(told);
    }
    // It crashes at once after it has got the traffic: back to the old one.
    const crashing = await deploy("bad", {
      variables: { FLAW: "crash-on-request" },
      onTransition: ({ state }) => {
        if (state === "baking")
          void callHttp({ host: "127.0.0.1", port, method: "GET", path: "/crash", timeoutMs: 3000 });
      },
    });
    expect(crashing.kind).toBe("rolled-back");
    const { failures } = await endLoad();
    expect(await served()).toBe(await releaseIdOf("good"));
    expect((await environment.observe()).slots).toHaveLength(1);
    // Only what was under way at the crashing process can have broken: without an answer, or in the middle of one.
    expect(failures.filter((line) => !/502|hang up|aborted/u.test(line))).toEqual([]);
    expect(failures.filter((line) => line.includes("aborted")).length).toBeLessThanOrEqual(5);
  });

  test("a taken port is told before anything is started", async () => {
    const stranger = createServer().listen(port, "127.0.0.1");
    await once(stranger, "listening");
    const outcome = await deploy("a");
    stranger.close();
    await once(stranger, "close");
    expect(outcome).toMatchObject({ kind: "aborted", problems: [{ code: "PORT_TAKEN", place: `port ${port}` }] });
    if (process.platform === "linux") expect(outcome.problems[0]?.message).toContain(String(process.pid));
    expect(processesOf(folder)).toEqual([]);
    expect((await environment.observe()).status).toBe("absent");
  });

  const interruptedStates: readonly Transition["state"][] = IS_HEAVY
    ? ["preflight", "starting-green", "health", "switching", "baking", "draining", "warm-blue"]
    : ["starting-green", "baking"];
  test.runIf(IS_HEAVY).each(interruptedStates)(
    "Ctrl-C in %s leaves no second slot, and nothing at all of a first deployment",
    async (at) => {
      for (const isFirst of [true, false]) {
        if (!isFirst) await deploy("before");
        const abort = new AbortController();
        const outcome = await deploy("after", {
          signal: abort.signal,
          onTransition: ({ state }) => {
            if (state === at) abort.abort();
          },
        });
        expect([isFirst, outcome.kind]).toEqual([isFirst, "cancelled"]);
        const { live, slots } = await environment.observe();
        expect([isFirst, slots.length]).toEqual([isFirst, live === null ? 0 : 1]);
        if (live === null) expect(processesOf(folder)).toEqual([]);
        if (!isFirst) expect(await served()).not.toBeNull();
        await environment.stop();
      }
    },
  );

  const killAfter = IS_HEAVY ? Array.from({ length: 24 }, (_, index) => index + 1) : [9];
  test.runIf(IS_HEAVY).each(killAfter)(
    "kill -9 of the controller after record %i is set right by the next deployment",
    async (n) => {
      await deploy("before");
      const endLoad = steadyLoad(port, 5);
      const controller = spawn(process.execPath, [CONTROLLER, folder, String(port), blobs, "killed", String(n)], {
        stdio: "ignore",
      });
      await once(controller, "exit");
      expect(await served()).not.toBeNull();
      const outcome = await deploy("next");
      expect(outcome.kind).toBe("deployed");
      expect((await endLoad()).failures).toEqual([]);
      // Keeper, router, what is live, and what is kept for a rollback.
      const { slots } = await environment.observe();
      expect(slots.map(({ warmUntil }) => warmUntil === null).toSorted()).toEqual([false, true]);
      expect(processesOf(folder)).toHaveLength(4);
      const states = (await environment.history(5)).map(({ transitions }) => transitions.at(-1)?.state);
      expect(states.filter((state) => state !== "succeeded" && state !== "aborted")).toEqual([]);
    },
  );

  /** Kills what `victim` names, again and again, while production is probed; answers the longest silence in ms. */
  async function longestGap(killCount: number, victim: () => Promise<number | null | undefined>): Promise<number> {
    let lastGoodAt = performance.now();
    let longestMs = 0;
    const over = new AbortController();
    const probe = async (): Promise<void> => {
      if ((await served()) === null) return;
      longestMs = Math.max(longestMs, performance.now() - lastGoodAt);
      lastGoodAt = performance.now();
    };
    const prober = (async () => {
      while (!over.signal.aborted) {
        void probe();
        await systemClock.sleep(20);
      }
    })();
    for (let kill = 0; kill < killCount; kill += 1) {
      const pid = await victim();
      if (typeof pid !== "number") throw new Error("nothing to kill");
      process.kill(pid, "SIGKILL");
      await expect
        .poll(async () => {
          const next = await victim();
          return typeof next === "number" && next !== pid && (await served()) !== null;
        }, POLL)
        .toBe(true);
    }
    over.abort();
    await prober;
    return Math.max(longestMs, performance.now() - lastGoodAt);
  }

  const killCount = IS_HEAVY ? 20 : 3;
  test.runIf(IS_HEAVY)(
    `production is back within two seconds when the service is killed ${killCount} times`,
    async () => {
      await deploy("a");
      const gapMs = await longestGap(killCount, async () => (await environment.observe()).slots[0]?.pid);
      console.log(`longest gap over ${killCount} kills of the service: ${gapMs.toFixed(0)} ms`);
      expect(gapMs).toBeLessThan(2000);
      expect((await environment.observe()).slots[0]).toMatchObject({ restartCount: killCount });
    },
  );

  test.runIf(IS_HEAVY)(
    `production is back within two seconds when the router is killed ${killCount} times, route intact`,
    async () => {
      await deploy("a");
      const { live } = await environment.observe();
      const gapMs = await longestGap(killCount, async () => (await environment.observe()).router?.pid);
      console.log(`longest gap over ${killCount} kills of the router: ${gapMs.toFixed(0)} ms`);
      expect(gapMs).toBeLessThan(2000);
      expect((await environment.observe()).live).toEqual(live);
    },
  );

  test.runIf(IS_HEAVY)(
    `nobody notices when the keeper is killed ${killCount} times, nor a deployment right after`,
    async () => {
      await deploy("a");
      const endLoad = steadyLoad(port, 5);
      const gapMs = await longestGap(killCount, async () => (await environment.observe()).keeper?.pid);
      expect(gapMs).toBeLessThan(500);
      process.kill((await environment.observe()).keeper?.pid ?? 0, "SIGKILL");
      expect((await deploy("b")).kind).toBe("deployed");
      expect((await endLoad()).failures).toEqual([]);
      expect((await environment.observe()).status).toBe("running");
    },
  );

  test("all of it killed at once is told as unhealthy, ended by a stop, and started again by a deployment", async () => {
    await deploy("a");
    await expect
      .poll(() => {
        for (const pid of processesOf(folder)) process.kill(pid, "SIGKILL");
        return processesOf(folder);
      }, POLL)
      .toEqual([]);
    expect((await environment.observe()).status).toBe("unhealthy");
    const again = await deploy("a");
    expect([again.kind, again.why]).toEqual([
      "deployed",
      expect.stringContaining("nothing of the environment was running"),
    ]);
    expect(await served()).toBe(await releaseIdOf("a"));
    process.kill((await environment.observe()).keeper?.pid ?? 0, "SIGKILL");
    await environment.stop();
    await expect.poll(() => processesOf(folder), POLL).toEqual([]);
  });

  test("a state that can't be read is told by its file, nothing is touched, and a stop still ends all", async () => {
    await deploy("a");
    const { keeper } = await environment.observe();
    for (const name of ["desired.json", "desired.json.copy"]) await writeFile(join(folder, name), "{ torn");
    process.kill(keeper?.pid ?? 0, "SIGKILL");
    await expect.poll(async () => (await environment.observe()).keeper, POLL).toBeNull();
    const outcome = await deploy("b");
    expect(outcome).toMatchObject({ kind: "aborted", problems: [{ code: "STORE_UNREADABLE" }] });
    expect(outcome.problems[0]?.place).toContain("desired.json");
    expect(await served()).toBe(await releaseIdOf("a"));
    await environment.stop();
    expect(processesOf(folder)).toEqual([]);
    expect((await deploy("b")).kind).toBe("deployed");
  });

  test("the tokens are only for the user's eyes, and no secret of the shell reaches the service", async () => {
    process.env["TMDB_API_KEY"] = "a secret of the shell";
    try {
      await deploy("a");
    } finally {
      delete process.env["TMDB_API_KEY"];
    }
    const reply = await callHttp({ host: "127.0.0.1", port, method: "GET", path: "/environment", timeoutMs: 3000 });
    expect(reply.text).not.toContain("TMDB_API_KEY");
    if (process.platform !== "win32") {
      for (const name of ["keeper.json", "router.json", "desired.json"]) {
        expect([name, (await stat(join(folder, name))).mode & 0o077]).toEqual([name, 0]);
      }
    }
    expect(await readFile(join(folder, "logs", "blue.log"), "utf8")).toContain("listens on");
  });

  test.runIf(IS_HEAVY)("thirty seconds of load across redeployments and kills of keeper lose no request", async () => {
    await deploy("r0");
    const endLoad = steadyLoad(port, 20);
    const endAt = performance.now() + 30_000;
    for (let index = 1; performance.now() < endAt; index += 1) {
      if (index % 3 === 0) process.kill((await environment.observe()).keeper?.pid ?? 0, "SIGKILL");
      expect((await deploy(`h${index}`)).kind).toBe("deployed");
    }
    expect((await endLoad()).failures).toEqual([]);
  });
});

/** Pids of all processes that have to do with an environment's folder, by their command lines. */
function processesOf(folder: string): number[] {
  if (process.platform !== "linux") return [];
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((name) => {
      try {
        return readFileSync(`/proc/${name}/cmdline`, "utf8").includes(folder) && !isZombie(name);
      } catch {
        return false;
      }
    })
    .map(Number);
}

function isZombie(pid: string): boolean {
  return processStartTime(Number(pid)) === null;
}
