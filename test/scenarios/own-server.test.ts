import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import {
  LocalSshd,
  reach,
  SSHD_PROGRAM,
  WITHOUT_SSHD,
} from "../../greenlight/src/adapters/targets/server/testing/local-sshd.ts";
import { systemClock } from "../../greenlight/src/base/system-clock.ts";
import type { DeployOutcome, Environment } from "../../greenlight/src/deployment/environment.ts";
import { openEnvironment } from "../../greenlight/src/deployment/open-environment.ts";
import { requestFor } from "../../greenlight/src/deployment/testing/requests.ts";
import { steadyLoad } from "../../greenlight/src/deployment/testing/steady-load.ts";
import { testReleases } from "../../greenlight/src/deployment/testing/test-release.ts";
import { ended, freePort, GREENLIGHT, Sandbox, type Ended } from "./testing/sandbox.ts";
import { writeService } from "./testing/words-service.ts";

const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] !== undefined;
describe.skipIf(SSHD_PROGRAM === null)(`one plain server${WITHOUT_SSHD}`, () => {
  let sshd: LocalSshd;
  let port: number;

  beforeAll(async () => {
    sshd = await LocalSshd.start();
    await sshd.lendRuntime(join(sshd.folder, "home", ".greenlight", "words"));
    port = await freePort();
  });
  afterAll(() => sshd.stop());

  function project(bakeMs = 300): Sandbox {
    const sandbox = new Sandbox();
    const { sshPort, identityFile, knownHosts } = sshd.options;
    const options = { sshPort, identityFile, knownHosts, compression: false, port, host: "127.0.0.1", bakeMs };
    sandbox.write(".gitignore", "node_modules\n.greenlight\n");
    writeService(sandbox, "{ releaseId, word: process.env.WORD }");
    sandbox.write(
      "greenlight.config.ts",
      `import { bundle, defineProject, deploy, pipeline } from "greenlight";
       import { server } from "greenlight/targets";
       const environments = {
         production: {
           target: server("${sshd.address}", ${JSON.stringify(options)}),
           branches: ["main"],
           configuration: { WORD: "film" },
         },
       };
       const release = bundle({ needs: {}, files: ["server.mjs", "package.json"], entry: "server.mjs", environments });
       export default defineProject({ name: "words", environments, pipelines: { delivery: pipeline({
         stages: { build: [release], deploy: [deploy("production", { needs: { release } })] } }) } });`,
    );
    return sandbox;
  }

  async function served(): Promise<{ readonly releaseId: string; readonly word: string } | null> {
    const answer = await fetch(`http://127.0.0.1:${port}/ready`).catch(() => null);
    return answer?.status === 200 ? ((await answer.json()) as { releaseId: string; word: string }) : null;
  }

  test.runIf(IS_HEAVY)(
    "is deployed to by a run, seen and taken back from another machine, and stopped by name",
    async () => {
      const laptop = project();
      const other = project();
      try {
        laptop.commit("feat: words");
        expect(told(await laptop.greenlight(["run", "delivery"]))).toEqual([0, ""]);
        const first = await served();
        expect(first).toMatchObject({ word: "film", releaseId: expect.stringMatching(/^words-/u) });
        laptop.write("server.mjs", `${laptop.read("server.mjs")}// more\n`);
        laptop.commit("feat: words");
        expect(told(await laptop.greenlight(["run", "delivery"]))).toEqual([0, ""]);
        const second = await served();
        expect(second?.releaseId).not.toBe(first?.releaseId);

        // Another checkout, which has never run anything.
        const seen = JSON.parse((await other.greenlight(["status", "--json"])).stdout);
        expect(seen).toMatchObject({
          problems: [],
          environments: [{ environment: "production", status: "running", live: { releaseId: second?.releaseId } }],
        });
        const listed = await other.greenlight(["environments", "production", "--json"]);
        expect(JSON.parse(listed.stdout).environments[0].history).toHaveLength(2);
        expect(told(await other.greenlight(["rollback", "production", "--why", "to see"]))).toEqual([0, ""]);
        expect(await served()).toEqual(first);

        // A reboot, and the line for the crontab that the page gives.
        for (const pid of processesOf(sshd.folder)) process.kill(pid, "SIGKILL");
        expect(await served()).toBeNull();
        await atReboot(sshd.folder);
        await expect.poll(served).toEqual(first);

        // Without a name only what is local is stopped.
        expect(told(await laptop.greenlight(["down"]))).toEqual([0, ""]);
        expect(await served()).toEqual(first);
        const down = await laptop.greenlight(["down", "production"]);
        expect(down.stdout).toMatch(/^production: stopped \(\d processes ended\)/u);
        expect(await served()).toBeNull();
        const stopped = JSON.parse((await other.greenlight(["status", "--json"])).stdout);
        expect(stopped.environments).toMatchObject([{ environment: "production", status: "stopped" }]);

        await sshd.down();
        const status = await other.greenlight(["status"]);
        expect(status.status).toBe(0);
        expect(status.stderr).toContain("SERVER_UNREACHABLE");
        const failed = await laptop.greenlight(["run", "delivery"]);
        expect(failed.status).toBe(3);
        expect(failed.stdout + failed.stderr).toContain("SERVER_UNREACHABLE");
        await sshd.up();
      } finally {
        await laptop.greenlight(["down", "production"]);
        await laptop.dispose();
        await other.dispose();
      }
    },
  );

  test.runIf(IS_HEAVY)("Ctrl-C reaches the run and not its connection, over which it is undone", async () => {
    const laptop = project(60_000);
    laptop.commit("feat: words");
    try {
      const run = spawn(process.execPath, [GREENLIGHT, "run", "delivery"], {
        cwd: laptop.folder,
        detached: true,
        stdio: ["ignore", "pipe", "pipe"],
      });
      const end = ended(run);
      await expect.poll(served, { timeout: 60_000 }).not.toBeNull();
      // As a terminal does it: to all of its group.
      process.kill(-(run.pid ?? 0), "SIGINT");
      expect((await end).status).toBe(130);
      expect(await served()).toBeNull();
      const { environments } = JSON.parse((await laptop.greenlight(["environments", "--json"])).stdout);
      expect(environments[0]).toMatchObject({ status: "stopped", slots: [] });
      expect(environments[0].history[0]).toMatchObject({ state: "rolled-back" });
    } finally {
      await laptop.dispose();
    }
  });

  test.runIf(IS_HEAVY)(
    "loses no request over five deployments with fifty clients",
    async () => {
      const blobs = join(sshd.folder, "blobs");
      const releases = await testReleases(blobs, "loaded");
      const target = reach(
        sshd,
        { port, bakeMs: 1000, folder: join(sshd.folder, "home", ".greenlight", "words") },
        "loaded",
      );
      const environment: Environment = openEnvironment({ name: "loaded", folder: "/", target, clock: systemClock });
      const deploy = async (label: string): Promise<DeployOutcome> =>
        environment.deploy({ ...requestFor(label), ...(await releases.makeWhole(label)), kind: "deployment" });
      try {
        expect(await deploy("r0")).toMatchObject({ kind: "deployed" });
        const endLoad = steadyLoad(port, 50);
        const startedAt = performance.now();
        for (let index = 1; index <= 5; index += 1) {
          expect(await deploy(`r${index}`)).toMatchObject({ kind: "deployed", problems: [] });
        }
        const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
        const { failures, requestCount } = await endLoad();
        console.log(`5 deployments in ${seconds} s, ${requestCount} requests, ${failures.length} failed`);
        expect(failures).toEqual([]);
        expect(requestCount).toBeGreaterThan(1000);
      } finally {
        await environment.stop();
      }
    },
    600_000,
  );
});

/** Keepers, routers and slots, by their command lines. */
function processesOf(folder: string): number[] {
  const lines = execFileSync("ps", ["-eo", "pid=,args="], { encoding: "utf8", maxBuffer: 64 * 1024 * 1024 }).split(
    "\n",
  );
  const ours = lines.filter((line) => line.includes(join(folder, "home")) && !line.includes("agent-main"));
  return ours.map((line) => Number.parseInt(line, 10));
}

async function atReboot(folder: string): Promise<void> {
  const page = readFileSync(join(import.meta.dirname, "../../docs/server.md"), "utf8");
  const line = /^@reboot (.+)$/mu.exec(page)?.[1]?.replace("PROJECT", "words") ?? "exit 1";
  const child = spawn("/bin/sh", ["-c", line], {
    detached: true,
    stdio: "ignore",
    env: { PATH: process.env["PATH"], HOME: join(folder, "home") },
  });
  await once(child, "spawn");
  child.unref();
}

function told({ status, stdout, stderr }: Ended): [number | null, string] {
  return [status, status === 0 ? "" : stdout + stderr];
}
