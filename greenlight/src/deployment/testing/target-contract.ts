import { execFileSync } from "node:child_process";
import { once } from "node:events";
import { rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { systemClock } from "../../base/system-clock.ts";
import { waitUntil } from "../../keeper/testing/wait-until.ts";
import type { DeployOutcome } from "../environment.ts";
import { openEnvironment } from "../open-environment.ts";
import type { Lease, LeaseTaking, LiveRelease, SlotName, Target } from "../target.ts";
import { answerOf, recordOf } from "./contract-records.ts";
import { requestFor } from "./requests.ts";
import { testReleases, type TestRelease, type TestReleases } from "./test-release.ts";

/** One kind of target, as the contract needs it. */
export interface TargetKind {
  /** A folder for blobs, on this machine. */
  readonly blobs: string;
  /** A fresh environment, where nothing was ever deployed. */
  environment(): Promise<TargetHome>;
  close(): Promise<void>;
}

export interface TargetHome {
  readonly name: string;
  readonly port: number;
  /** Another client of the same environment, as on another machine. */
  connect(): Target;
}

const NOBODY = null;
/** A target may be far away, and the machine busy. */
const PATIENCE_MS = 120_000;

/**
 * What every target does that keeps its environment alive by itself; run by each adapter's test. A target that takes long to
 * reach need not be asked everything each time (`isWhole`).
 */
export function targetContract(name: string, open: () => Promise<TargetKind>, isWhole = true): void {
  describe(`target ${name}`, { timeout: PATIENCE_MS }, () => {
    let kind: TargetKind;
    let home: TargetHome;
    let target: Target;
    let releases: TestReleases;
    let leases: Lease[];

    beforeAll(async () => {
      kind = await open();
    }, PATIENCE_MS);
    afterAll(() => kind.close(), PATIENCE_MS);
    beforeEach(async () => {
      home = await kind.environment();
      target = home.connect();
      releases = await testReleases(kind.blobs, home.name);
      leases = [];
    }, PATIENCE_MS);
    afterEach(async () => {
      if (!(await target.observe()).isKnown) return;
      const last = await lease(target, { isForced: true });
      expect((await target.stop(last.epoch)).problems).toEqual([]);
      await Promise.all(leases.map((each) => each.release()));
    }, PATIENCE_MS);

    async function lease(from: Target, how: LeaseTaking = { isForced: false }): Promise<Lease> {
      const answer = await from.takeLease({ deploymentId: "d", who: "a test", runId: "r" }, how);
      if (!answer.isTaken) throw new Error(`held by ${answer.heldBy}`);
      leases.push(answer.lease);
      return answer.lease;
    }

    async function install(label: string): Promise<TestRelease> {
      const release = await releases.make(label);
      expect(await target.install(release, new AbortController().signal)).toEqual([]);
      return release;
    }

    /** Starts a release in a slot and waits until it is ready. */
    async function run(
      at: { readonly epoch: number; readonly slot: SlotName; readonly id: string },
      release: TestRelease,
      secrets: Readonly<Record<string, string>> = {},
    ): Promise<LiveRelease> {
      const { epoch, slot, id: deploymentId } = at;
      expect(await target.startSlot({ epoch, slot, deploymentId, release, secrets })).toEqual([]);
      await waitUntil("ready", async () => ((await target.probe(slot, "/ready")).status === 200 ? true : null));
      return { deploymentId, releaseId: release.releaseId, digest: release.digest, slot };
    }

    test("tells that nothing was ever deployed, and looking changes nothing", async () => {
      const release = await releases.make("a");
      expect(await target.observe()).toMatchObject({ isKnown: false, keeper: null, router: null, problems: [] });
      expect(await target.readDeployments()).toEqual([]);
      expect(await target.readApprovals()).toEqual([]);
      expect(await target.readRelease(release.digest)).toBeNull();
      expect(await target.slotLog("blue")).toEqual([]);
      expect((await target.probe("blue", "/ready")).status).toBe(0);
      expect((await target.probe("production", "/ready")).status).toBe(0);
      expect(await target.preflight(release)).toEqual([]);
      expect((await target.observe()).isKnown).toBe(false);
    });

    test.runIf(isWhole)(
      "preflight tells a wrong platform and a taken port, before and after the first lease",
      async () => {
        const release = await releases.make("a");
        const stranger = createServer().listen(home.port, "127.0.0.1");
        await once(stranger, "listening");
        try {
          for (const isFirst of [true, false]) {
            if (!isFirst) await lease(target);
            const foreign = { ...release, manifest: { ...release.manifest, platform: "win32-x64" } };
            const codes = (await home.connect().preflight(foreign)).map(({ code }) => code);
            expect([isFirst, codes.toSorted()]).toEqual([isFirst, ["PORT_TAKEN", "RELEASE_INCOMPLETE"]]);
          }
        } finally {
          stranger.close();
          await once(stranger, "close");
        }
      },
    );

    test("installs a release whole or not at all, and takes no harm from doing it twice", async () => {
      await lease(target);
      const release = await install("a");
      expect(await target.install(release, new AbortController().signal)).toEqual([]);
      expect(await target.readRelease(release.digest)).toEqual(release.manifest);

      const absent = await releases.make("absent");
      const label = absent.manifest.files.find(({ path }) => path.endsWith("label.txt"))?.digest ?? "";
      await rm(absent.blobPath(label));
      const without = await target.install(absent, new AbortController().signal);
      expect(without).toMatchObject([{ code: "RELEASE_INCOMPLETE", place: "service/label.txt" }]);
      await writeFile(absent.blobPath(label), "ABSENT");
      const changed = await target.install(absent, new AbortController().signal);
      expect(changed).toMatchObject([{ code: "RELEASE_INCOMPLETE" }]);
      expect(await target.readRelease(absent.digest)).toBeNull();
      expect(await target.install(await releases.make("late"), AbortSignal.abort())).toMatchObject([
        { code: "DEPLOYMENT_FAILED" },
      ]);
    });

    test.runIf(isWhole)(
      "gives the lease to one at a time, with rising epochs, and lets its holder have it again",
      async () => {
        const first = await lease(target);
        const other = home.connect();
        const refused = await other.takeLease({ deploymentId: "e", who: "another", runId: "s" });
        expect(refused).toMatchObject({ isTaken: false });
        if (!refused.isTaken) expect(refused.heldBy).toContain("a test");
        expect((await lease(home.connect(), { isForced: false, continuedEpoch: first.epoch })).epoch).toBe(first.epoch);
        const second = await lease(other, { isForced: true });
        expect(second.epoch).toBeGreaterThan(first.epoch);
        await target.observe();
        expect([first.isLost(), second.isLost()]).toEqual([true, false]);
        const late = { isForced: false, continuedEpoch: first.epoch };
        expect((await target.takeLease({ deploymentId: "d", who: "a test", runId: "r" }, late)).isTaken).toBe(false);
        await second.release();
        expect((await lease(target)).epoch).toBeGreaterThan(second.epoch);
      },
    );

    test.runIf(isWhole)("starts, switches, keeps and ends, each as often as it is told", async () => {
      const { epoch } = await lease(target);
      const [a, b] = [await install("a"), await install("b")];
      for (let time = 0; time < 2; time += 1) expect(await target.start(epoch)).toEqual([]);
      expect((await target.observe()).router?.isInPlace).toBe(true);
      const blue = await run({ epoch, slot: "blue", id: "01k0000000000001" }, a);
      for (let time = 0; time < 2; time += 1) {
        expect(await target.switchRoute({ epoch, from: NOBODY, to: blue })).toEqual([]);
      }
      expect(await target.probe("production", "/ready")).toMatchObject({ status: 200, releaseId: a.releaseId });
      const green = await run({ epoch, slot: "green", id: "01k0000000000002" }, b);
      const wrong = await target.switchRoute({ epoch, from: "01k0000000000009", to: green });
      expect(wrong).toMatchObject([{ code: "ENVIRONMENT_BUSY" }]);
      expect(await target.switchRoute({ epoch, from: blue.deploymentId, to: green })).toEqual([]);
      const post = { method: "POST", path: "/echo", headers: {}, body: "hello", timeoutMs: 5000 };
      expect(await target.request("production", post)).toMatchObject({ status: 200, body: "hello" });
      expect((await target.observe()).route.live).toEqual(green);
      expect((await target.slotLog("green")).join("\n")).toContain(b.releaseId);
      // A process of Node's takes some thirty MiB before it does anything.
      if (process.platform === "linux") expect(await target.peakMemory("green")).toBeGreaterThan(20 * 1024 ** 2);

      const { deploymentId } = blue;
      expect(await target.closeUpstream(deploymentId)).toEqual([]);
      const until = Date.now() + 60_000;
      expect(await target.keepSlot({ epoch, slot: "blue", deploymentId, until })).toEqual([]);
      expect((await target.observe()).slots.blue?.warmUntil).toBe(until);
      for (let time = 0; time < 2; time += 1) {
        expect(await target.endSlot({ epoch, slot: "blue", deploymentId })).toEqual([]);
      }
      expect((await target.observe()).slots).toMatchObject({ blue: null, green: { releaseId: b.releaseId } });
      expect(await target.prune([b.digest])).toEqual([]);
      expect(await target.probe("production", "/ready")).toMatchObject({ status: 200, releaseId: b.releaseId });
    });

    test.runIf(isWhole)(
      "stops a release while requests wait, and starts it again as it was, its secrets too",
      async () => {
        const { epoch } = await lease(target);
        expect(await target.start(epoch)).toEqual([]);
        const release = await install("a");
        const blue = await run({ epoch, slot: "blue", id: "01k0000000000001" }, release, { TOKEN: "a secret value" });
        expect(await target.switchRoute({ epoch, from: NOBODY, to: blue })).toEqual([]);
        const until = Date.now() + 60_000;
        const { slot, deploymentId } = blue;
        for (let time = 0; time < 2; time += 1) {
          expect(await target.holdRoute({ epoch, until })).toEqual([]);
          expect(await target.closeUpstream(deploymentId)).toEqual([]);
          expect(await target.parkSlot({ epoch, slot, deploymentId, isParked: true })).toEqual([]);
        }
        const parked = await target.observe();
        expect(parked.route).toMatchObject({ live: blue, heldUntil: until });
        expect(parked.slots.blue).toMatchObject({ deploymentId, pid: null, isParked: true });
        expect(await target.probe("blue", "/ready")).toMatchObject({ status: 0 });
        const call = { method: "GET", path: "/environment", headers: {}, body: null, timeoutMs: 60_000 };
        const waiting = target.request("production", call);
        for (let time = 0; time < 2; time += 1) {
          expect(await target.parkSlot({ epoch, slot, deploymentId, isParked: false })).toEqual([]);
        }
        await waitUntil("a release that runs again", async () =>
          (await target.probe("blue", "/ready")).status === 200 ? true : null,
        );
        expect(await target.holdRoute({ epoch, until: null })).toEqual([]);
        expect(JSON.parse((await waiting).body)).toMatchObject({ TOKEN: "a secret value" });
        const stranger = { epoch, slot, deploymentId: "01k0000000000009", isParked: true };
        expect(await target.parkSlot(stranger)).toHaveLength(1);
        expect(await target.probe("production", "/ready")).toMatchObject({ status: 200 });
      },
    );

    test.runIf(isWhole)("obeys no epoch that was overtaken", async () => {
      const old = await lease(target);
      expect(await target.start(old.epoch)).toEqual([]);
      const release = await install("a");
      const next = await lease(home.connect(), { isForced: true });
      const order = { epoch: old.epoch, slot: "blue", deploymentId: "01k0000000000001", release } as const;
      expect(await target.startSlot(order)).toMatchObject([{ code: "ENVIRONMENT_BUSY" }]);
      expect((await target.observe()).slots.blue).toBeNull();
      // Nor does a record come back to life that somebody else has closed meanwhile.
      const record = { ...recordOf("01k0000000000001"), epoch: old.epoch };
      expect(await target.writeDeployment(record)).toMatchObject([{ code: "ENVIRONMENT_BUSY" }]);
      expect(await target.readDeployments()).toEqual([]);
      expect(await target.writeDeployment({ ...record, epoch: next.epoch })).toEqual([]);
      const kept = { epoch: next.epoch, slot: "blue", deploymentId: order.deploymentId, until: null } as const;
      expect(await target.keepSlot(kept)).toHaveLength(1);
    });

    test.runIf(isWhole)("gives secrets to the service and to nobody else", async () => {
      const { epoch } = await lease(target);
      expect(await target.start(epoch)).toEqual([]);
      const secret = "a very secret value";
      await run({ epoch, slot: "blue", id: "01k0000000000001" }, await install("a"), { TMDB_API_KEY: secret });
      const call = { method: "GET", path: "/environment", headers: {}, body: null, timeoutMs: 5000 };
      expect(JSON.parse((await target.request("blue", call)).body)).toMatchObject({ TMDB_API_KEY: secret });
      expect(JSON.stringify(await target.observe())).not.toContain(secret);
      const commandLines = execFileSync("ps", ["-eo", "args"], { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 });
      expect(commandLines).toContain("ps -eo");
      expect(commandLines).not.toContain(secret);
    });

    test("keeps records, newest first, and of several answers the first, but for a rejection", async () => {
      await lease(target);
      const ids = ["01k0000000000001", "01k0000000000003", "01k0000000000002"];
      for (const id of ids) expect(await target.writeDeployment(recordOf(id))).toEqual([]);
      const other = home.connect();
      expect((await other.readDeployments()).map(({ id }) => id)).toEqual(ids.toSorted().toReversed());
      expect(await target.writeApproval(answerOf("granted", "ann"))).toMatchObject({ ok: true, value: { by: "ann" } });
      expect(await other.writeApproval(answerOf("granted", "eve"))).toMatchObject({ ok: true, value: { by: "ann" } });
      expect(await other.writeApproval(answerOf("rejected", "bob"))).toMatchObject({ ok: true, value: { by: "bob" } });
      expect(await target.readApprovals()).toEqual([answerOf("rejected", "bob")]);
    });

    test("carries a deployment, a second one and the way back, and is stopped", async () => {
      const deploy = async (label: string, as: "deployment" | "rollback" = "deployment"): Promise<DeployOutcome> => {
        const environment = openEnvironment({
          name: home.name,
          folder: "/",
          target: home.connect(),
          clock: systemClock,
        });
        return environment.deploy({ ...requestFor(label), ...(await releases.make(label)), kind: as });
      };
      for (const label of ["a", "b"]) expect(await deploy(label)).toMatchObject({ kind: "deployed", problems: [] });
      const back = await deploy("a", "rollback");
      expect(back).toMatchObject({ kind: "deployed", problems: [] });
      const { releaseId } = await releases.make("a");
      expect(await target.probe("production", "/ready")).toMatchObject({ status: 200, releaseId });
      const environment = openEnvironment({ name: home.name, folder: "/", target, clock: systemClock });
      expect(await environment.observe()).toMatchObject({ status: "running", live: { releaseId } });
      expect((await environment.stop()).wasRunning).toBe(true);
      expect((await environment.observe()).status).toBe("stopped");
      expect(await environment.history(10)).toHaveLength(3);
    });
  });
}
