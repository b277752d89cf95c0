import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { stat } from "node:fs/promises";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { digestBytes } from "../../../base/file-digest.ts";
import { systemClock } from "../../../base/system-clock.ts";
import type { Environment, Transition } from "../../../deployment/environment.ts";
import { openEnvironment } from "../../../deployment/open-environment.ts";
import { requestFor } from "../../../deployment/testing/requests.ts";
import { testReleases, type TestRelease } from "../../../deployment/testing/test-release.ts";
import { freePort } from "../../../keeper/free-port.ts";
import { runtimeFor } from "./agent-bundle.ts";
import type { ServerOptions } from "./options.ts";
import { CuttingPort } from "./testing/cutting-port.ts";
import { faultOf } from "./testing/fault-of.ts";
import { LocalSshd, reach, SSHD_PROGRAM, WITHOUT_SSHD } from "./testing/local-sshd.ts";
import { mountDisk, WITHOUT_MOUNT } from "./testing/small-disk.ts";

const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] !== undefined;
const HOLDER = { deploymentId: "d", who: "a test", runId: "r" };

describe.skipIf(SSHD_PROGRAM === null)(`a server${WITHOUT_SSHD}`, { timeout: 180_000 }, () => {
  let sshd: LocalSshd;
  let port: number;

  beforeAll(async () => {
    sshd = await LocalSshd.start();
    await sshd.lendRuntime();
    port = await freePort();
  }, 60_000);
  afterAll(() => sshd.stop());

  async function make(label: string): Promise<TestRelease> {
    return (await testReleases(join(sshd.folder, "blobs"), "live")).make(label);
  }

  function open(change: Partial<ServerOptions> = {}): Environment {
    const target = reach(sshd, { port, ...change }, "live");
    return openEnvironment({ name: "live", folder: "/", target, clock: systemClock });
  }

  test.runIf(IS_HEAVY)("that is cut off while Node is sent goes on from there", async () => {
    const way = await CuttingPort.open(sshd.port);
    sshd.trust(way.port);
    try {
      const { size } = await stat(runtimeFor(`${process.platform}-${process.arch}`) ?? "");
      const target = reach(sshd, { sshPort: way.port, folder: join(sshd.folder, "home", "cut") });
      await target.observe();
      way.cutAfter(size / 2);
      const taken = await target.takeLease(HOLDER);
      expect(taken.isTaken).toBe(true);
      // Sent twice it would be more than this.
      expect(way.sentBytes).toBeLessThan(1.2 * size);
      if (taken.isTaken) await taken.lease.release();
    } finally {
      await way.close();
      sshd.trust();
    }
  });

  test("that is cut off while a release is sent goes on from there", async () => {
    const way = await CuttingPort.open(sshd.port);
    sshd.trust(way.port);
    try {
      const target = reach(sshd, { sshPort: way.port }, "cut");
      const taken = await target.takeLease(HOLDER);
      const release = await largeRelease(join(sshd.folder, "blobs"), 20_000_000);
      way.cutAfter(12_000_000);
      const before = way.sentBytes;
      expect(await target.install(release, new AbortController().signal)).toEqual([]);
      const sent = way.sentBytes - before;
      expect(sent).toBeGreaterThan(20_000_000);
      expect(sent).toBeLessThan(32_000_000);
      expect(taken.isTaken && taken.lease.isLost()).toBe(false);
      // A second release with the same file sends only what is new.
      const other = await withSmallFile(release, join(sshd.folder, "blobs"));
      const again = way.sentBytes;
      expect(await target.install(other, new AbortController().signal)).toEqual([]);
      expect(way.sentBytes - again).toBeLessThan(100_000);
      if (taken.isTaken) await taken.lease.release();
    } finally {
      await way.close();
      sshd.trust();
    }
  });

  describe("with something live", () => {
    let environment: Environment;
    beforeAll(async () => {
      environment = open();
      await deploy("first");
    }, 120_000);
    afterAll(async () => void (await environment.stop()), 60_000);

    async function deploy(
      label: string,
      onTransition: (transition: Transition) => void = () => {},
      into = environment,
    ): ReturnType<Environment["deploy"]> {
      return into.deploy({ ...requestFor(label, { onTransition }), ...(await make(label)), kind: "deployment" });
    }

    test.runIf(IS_HEAVY)("finishes a deployment during which every connection is cut at every state", async () => {
      let cutCount = 0;
      const outcome = await deploy("second", () => {
        cutCount += sshd.cut();
      });
      expect(outcome).toMatchObject({ kind: "deployed", problems: [] });
      expect(cutCount).toBeGreaterThan(5);
      const [last] = await environment.history(1);
      expect(last?.transitions.map(({ state }) => state)).toEqual(
        outcome.deployment.transitions.map(({ state }) => state),
      );
    });

    test.runIf(IS_HEAVY)(
      "serves on when the connection is lost for good, and the next deployment ends what was begun",
      async () => {
        const hasty = open({ reconnectMs: 300 });
        let isDown: Promise<void> | undefined;
        const lost = deploy(
          "third",
          ({ state }) => {
            if (state !== "baking") return;
            sshd.cut();
            isDown = sshd.down();
          },
          hasty,
        );
        expect(await faultOf(lost)).toMatchObject({
          code: "SERVER_CONNECTION_LOST",
          message: expect.stringContaining("does not come back"),
          remedy: expect.stringContaining("what serves goes on"),
        });
        await isDown;
        await sshd.up();
        const { releaseId } = await make("third");
        expect(await environment.observe()).toMatchObject({ status: "running", live: { releaseId } });
        expect((await deploy("fourth")).kind).toBe("deployed");
        const states = (await environment.history(2)).map(({ transitions }) => transitions.at(-1)?.state);
        expect(states[0]).toBe("succeeded");
        expect(["succeeded", "rolled-back"]).toContain(states[1]);
      },
    );
  });

  test.runIf(IS_HEAVY && WITHOUT_MOUNT === "")(
    `whose disk is full is told, and serves on${WITHOUT_MOUNT}`,
    async () => {
      const folder = join(sshd.folder, "home", "small");
      mkdirSync(folder);
      const disk = mountDisk(folder, 60);
      try {
        const fault = await faultOf(reach(sshd, { folder }, "small").takeLease(HOLDER));
        expect(fault).toMatchObject({ code: "STORE_UNWRITABLE", remedy: "free disk space on the server" });
        expect(fault.message).toMatch(/160 MB are needed in .*small, \d+ MB are free/u);
        disk.resize(200);
        const target = reach(sshd, { folder }, "small");
        const taken = await target.takeLease(HOLDER);
        const release = await largeRelease(join(sshd.folder, "blobs"), 100_000_000);
        expect(await target.preflight(release)).toMatchObject([{ code: "STORE_UNWRITABLE" }]);
        const problems = await target.install(release, new AbortController().signal);
        expect(problems).toMatchObject([{ code: "STORE_UNWRITABLE", message: expect.stringContaining("ENOSPC") }]);
        disk.resize(500);
        expect(await target.install(release, new AbortController().signal)).toEqual([]);
        if (taken.isTaken) await taken.lease.release();
      } finally {
        disk.unmount();
      }
    },
  );
});

/** The tiny service with a file that can't be compressed. */
async function largeRelease(folder: string, sizeBytes: number): Promise<TestRelease> {
  const release = await (await testReleases(folder, "cut")).make("large");
  const content = randomBytes(sizeBytes);
  return withFile(release, folder, { path: "service/large.bin", content });
}

function withSmallFile(release: TestRelease, folder: string): TestRelease {
  return withFile(release, folder, { path: "service/small.txt", content: Buffer.from("small") });
}

function withFile(
  release: TestRelease,
  folder: string,
  { path, content }: { readonly path: string; readonly content: Buffer },
): TestRelease {
  const digest = digestBytes(content);
  writeFileSync(join(folder, digest), content);
  const file = { path, digest, sizeBytes: content.length, isExecutable: false };
  const manifest = { ...release.manifest, files: [...release.manifest.files, file] };
  return { ...release, manifest, digest: digestBytes(Buffer.from(JSON.stringify(manifest))) };
}
