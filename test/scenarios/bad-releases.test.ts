import { mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { processes } from "../../greenlight/src/adapters/targets/index.ts";
import { connect } from "../../greenlight/src/adapters/targets/processes/index.ts";
import { processStartTime } from "../../greenlight/src/base/process-identity.ts";
import { systemClock } from "../../greenlight/src/base/system-clock.ts";
import type { DeployOutcome, Environment, Transition } from "../../greenlight/src/deployment/environment.ts";
import { openEnvironment } from "../../greenlight/src/deployment/open-environment.ts";
import {
  testReleases,
  type TestRelease,
  type TestReleases,
} from "../../greenlight/src/deployment/testing/test-release.ts";
import { callHttp } from "../../greenlight/src/keeper/control-client.ts";
import { freePort } from "../../greenlight/src/keeper/free-port.ts";

const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] !== undefined;
const POLL = { timeout: 20_000, interval: 20 } as const;

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
  folder = await mkdtemp(join(tmpdir(), "bad-"));
  port = await freePort();
  const { options } = processes({ port, bakeMs: 600, drainMs: 1000, startTimeoutMs: 4000, stopGraceMs: 500 });
  const target = connect({ name: "staging", folder, options, configuration: {} });
  environment = openEnvironment({ name: "staging", folder, target, clock: systemClock });
});
afterEach(async () => {
  await environment.stop();
  await rm(folder, { recursive: true, force: true });
});

/** A release with something wrong with it; see the tiny service. */
async function deploy(
  flaw: string,
  how: { onTransition?(transition: Transition): void } = {},
): Promise<DeployOutcome & { readonly release: TestRelease }> {
  const release = await releases.make("service", { FLAW: flaw });
  const outcome = await environment.deploy({
    ...release,
    approval: null,
    who: "a test",
    why: "to see",
    runId: "",
    signal: new AbortController().signal,
    onTransition: (transition) => how.onTransition?.(transition),
    log: () => {},
  });
  return { ...outcome, release };
}

async function served(path = "/ready"): Promise<string | null> {
  const call = { host: "127.0.0.1", port, method: "GET", path, timeoutMs: 3000 };
  const reply = await callHttp(call).catch(() => null);
  return reply?.status === 200 ? (JSON.parse(reply.text) as { releaseId: string }).releaseId : null;
}

/** Sends the request that some releases do not survive. */
async function crash(): Promise<void> {
  await callHttp({ host: "127.0.0.1", port, method: "GET", path: "/crash", timeoutMs: 3000 }).catch(() => {});
}

describe("a release that", () => {
  const flaws: readonly (readonly [flaw: string, message: string])[] = [
    ["never-listens", "a service has to listen on the HOST and PORT that it is given"],
    ["wrong-version", "it answers as release another-release, expected tiny-"],
    ["flapping", "times, never 3 times in a row"],
    ["never-ready", 'last answer: status 503: {"releaseId"'],
  ];
  test.each(IS_HEAVY ? flaws : flaws.slice(0, 2))(
    "is %s is told as that, and the old one keeps the traffic",
    async (flaw, message) => {
      const { release } = await deploy("");
      const outcome = await deploy(flaw);
      expect([outcome.kind, outcome.problems[0]?.code]).toEqual(["aborted", "DEPLOYMENT_FAILED"]);
      expect(outcome.problems[0]?.message).toContain(message);
      expect(outcome.problems[0]?.place).toBe("staging, slot green");
      expect(await served()).toBe(release.releaseId);
      expect((await environment.observe()).slots).toHaveLength(1);
    },
  );

  test.runIf(IS_HEAVY)("crashes after the switch is taken back, and its last words are told", async () => {
    const { release } = await deploy("");
    const outcome = await deploy("crash-on-request", {
      onTransition: ({ state }) => {
        if (state === "baking") void crash();
      },
    });
    expect(outcome.kind).toBe("rolled-back");
    expect(outcome.problems[0]?.message).toContain("the new release's process ended after the switch");
    await expect.poll(() => served(), POLL).toBe(release.releaseId);
    expect((await environment.observe()).slots).toHaveLength(1);
  });

  test.runIf(IS_HEAVY)("ignores TERM is ended all the same, and holds nobody up", async () => {
    await deploy("ignores-term");
    const [stubborn] = (await environment.observe()).slots;
    await deploy("");
    // The next one needs its slot.
    expect((await deploy("failing-predictions")).kind).toBe("deployed");
    expect(processStartTime(stubborn?.pid ?? 0)).toBeNull();
  });
});

test.runIf(IS_HEAVY)(
  "a blue that dies while baking needs a person, who is told what still runs and what to do; both are left alone",
  async () => {
    const { release: good } = await deploy("");
    let dead: Promise<void> | undefined;
    const outcome = await deploy("crash-on-request", {
      onTransition: ({ state }) => {
        if (state === "baking") dead ??= killForGood(good);
      },
    });
    await dead;
    expect([outcome.kind, outcome.problems[0]?.code]).toEqual(["needs-human", "DEPLOYMENT_NEEDS_HUMAN"]);
    expect(outcome.problems[0]?.message).toContain(`${good.releaseId} is not fit to take over`);
    expect(outcome.problems[0]?.remedy).toContain("greenlight rollback --to");
    // What is bad still answers better than nothing.
    await expect.poll(() => served(), POLL).toBe(outcome.release.releaseId);
    expect((await environment.observe()).slots).toHaveLength(2);
    // A mended release sets it right.
    const mended = await deploy("failing-predictions");
    expect([mended.kind, await served()]).toEqual(["deployed", mended.release.releaseId]);

    /** Its process, and the files that it could be started from again. */
    async function killForGood({ digest, releaseId }: TestRelease): Promise<void> {
      const files = join(folder, "releases", digest);
      await rename(files, `${files}-away`);
      const { slots } = await environment.observe();
      process.kill(slots.find((slot) => slot.releaseId === releaseId)?.pid ?? 0, "SIGKILL");
      await crash();
    }
  },
);

test.runIf(IS_HEAVY)("what is installed of failed releases does not pile up", async () => {
  await deploy("");
  for (const flaw of ["unhealthy", "crash-at-start", "wrong-version", "never-ready"]) await deploy(flaw);
  const names = await readdir(join(folder, "releases"));
  expect(names.filter((name) => !name.endsWith(".json"))).toHaveLength(1);
});
