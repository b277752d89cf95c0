import { readdir, rename } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { processStartTime } from "../../greenlight/src/base/process-identity.ts";
import type { DeployOutcome } from "../../greenlight/src/deployment/environment.ts";
import type { TestRelease } from "../../greenlight/src/deployment/testing/test-release.ts";
import { callHttp } from "../../greenlight/src/keeper/control-client.ts";
import { EnvironmentRig, type DeployOptions } from "./testing/environment-rig.ts";

const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] !== undefined;
const POLL = { timeout: 20_000, interval: 20 } as const;

let rig: EnvironmentRig;

beforeEach(async () => {
  rig = await EnvironmentRig.start({ bakeMs: 600, drainMs: 1000, startTimeoutMs: 4000, stopGraceMs: 500 });
});
afterEach(() => rig.dispose());

/** A release with something wrong with it; see the tiny service. */
async function deploy(
  flaw: string,
  how: DeployOptions = {},
): Promise<DeployOutcome & { readonly release: TestRelease }> {
  const release = await rig.releases.make("service", { FLAW: flaw });
  return { ...(await rig.deploy("service", { ...how, release })), release };
}

/** Sends the request that some releases do not survive. */
async function crash(): Promise<void> {
  await callHttp({ host: "127.0.0.1", port: rig.port, method: "GET", path: "/crash", timeoutMs: 3000 }).catch(() => {});
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
      expect(await rig.served()).toBe(release.releaseId);
      expect((await rig.environment.observe()).slots).toHaveLength(1);
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
    await expect.poll(() => rig.served(), POLL).toBe(release.releaseId);
    expect((await rig.environment.observe()).slots).toHaveLength(1);
  });

  test.runIf(IS_HEAVY)("ignores TERM is ended all the same, and holds nobody up", async () => {
    await deploy("ignores-term");
    const [stubborn] = (await rig.environment.observe()).slots;
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
    await expect.poll(() => rig.served(), POLL).toBe(outcome.release.releaseId);
    expect((await rig.environment.observe()).slots).toHaveLength(2);
    // A mended release sets it right.
    const mended = await deploy("failing-predictions");
    expect([mended.kind, await rig.served()]).toEqual(["deployed", mended.release.releaseId]);

    /** Its process, and the files that it could be started from again. */
    async function killForGood({ digest, releaseId }: TestRelease): Promise<void> {
      const files = join(rig.folder, "releases", digest);
      await rename(files, `${files}-away`);
      const { slots } = await rig.environment.observe();
      process.kill(slots.find((slot) => slot.releaseId === releaseId)?.pid ?? 0, "SIGKILL");
      await crash();
    }
  },
);

test.runIf(IS_HEAVY)("what is installed of failed releases does not pile up", async () => {
  await deploy("");
  for (const flaw of ["unhealthy", "crash-at-start", "wrong-version", "never-ready"]) await deploy(flaw);
  const names = await readdir(join(rig.folder, "releases"));
  expect(names.filter((name) => !name.endsWith(".json"))).toHaveLength(1);
});
