import { execFileSync, spawn } from "node:child_process";
import { appendFileSync, cpSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { Agent, get } from "node:http";
import { join } from "node:path";

import { afterAll, beforeAll, describe, expect, test } from "vitest";

import { ended, GREENLIGHT, Sandbox, type Ended } from "./testing/sandbox.ts";
import { SystemdMachine, WITHOUT_MACHINE } from "./testing/systemd-machine.ts";

const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] === "1";
const ROOT = join(import.meta.dirname, "../..");
const POLL = { timeout: 60_000, interval: 50 } as const;
/** systemd waits for 90 s for what does not end by itself. */
const REBOOT_LIMIT_MS = 60_000;
const CLIENT_COUNT = 8;
const PORTS = { production: 8000, staging: 8001 } as const;
const SERVICE = `
import { createServer } from "node:http";
const releaseId = process.env.RELEASE_ID;
const server = createServer((request, response) => response.end(JSON.stringify({ releaseId })));
server.listen(Number(process.env.PORT), process.env.HOST);
process.on("SIGTERM", () => server.close(() => process.exit(0)));
`;

/** One environment of a user without rights, one of root. */
type Place = keyof typeof PORTS;

describe.runIf(IS_HEAVY && WITHOUT_MACHINE === "")(
  `a server with systemd${WITHOUT_MACHINE}`,
  { timeout: 900_000 },
  () => {
    let machine: SystemdMachine;
    let sandbox: Sandbox;

    beforeAll(async () => {
      machine = await SystemdMachine.start();
      sandbox = project(machine);
    }, 900_000);
    afterAll(async () => {
      sandbox?.dispose();
      await machine?.stop();
    }, 60_000);

    async function served(place: Place): Promise<string | null> {
      const signal = AbortSignal.timeout(2000);
      const answer = await fetch(`http://${machine.host}:${PORTS[place]}/`, { signal }).catch(() => null);
      return answer?.status === 200 ? ((await answer.json()) as { releaseId: string }).releaseId : null;
    }
    const bothServed = async (): Promise<(string | null)[]> => Promise.all([served("production"), served("staging")]);

    /** Pids by the programs that they run, of all on the machine. */
    async function pids(of: "keeper/main" | "router/main" | "stand-by-main"): Promise<string[]> {
      return (await machine.tell("root", `pgrep -f ${of.replace("-", "[-]").replace("/", "[/]")} || true`)).split("\n");
    }
    async function keep(what: string, place: Place): Promise<Ended> {
      return sandbox.greenlight(["keeper", what, "--environment", place]);
    }

    test("that lacks a library of Node is told so, with what has to be installed", async () => {
      const [library] = (await machine.tell("root", "ls /usr/lib/*/libatomic.so.1")).split("\n");
      await machine.tell("root", `mv ${library} ${library}.away`);
      const failed = await sandbox.greenlight(["run", "delivery"]);
      await machine.tell("root", `mv ${library}.away ${library}`);
      expect([failed.status, failed.stdout + failed.stderr]).toEqual([3, expect.stringContaining("libatomic1")]);
    });

    test("has its units installed over ssh, for a user without rights and for root", async () => {
      expect(told(await sandbox.greenlight(["run", "delivery"]))).toEqual([0, ""]);
      expect((await keep("status", "production")).stdout).toMatch(/^production: running, keeper \d+; no user unit/u);
      const installed = await keep("install", "production");
      // Without polkit only root may allow it.
      expect([installed.status, installed.stdout]).toEqual([
        0,
        expect.stringContaining("sudo loginctl enable-linger deploy"),
      ]);
      await machine.tell("root", "loginctl enable-linger deploy");
      expect(told(await keep("install", "staging"))).toEqual([0, ""]);
      for (const place of ["production", "staging"] as const) {
        const { stdout } = await keep("status", place);
        expect(stdout).toMatch(/^\w+: running, keeper \d+; greenlight-words-\w+-\w+\.service: enabled, active\n$/u);
      }
      await expect
        .poll(() => machine.tell("root", "journalctl -b -t greenlight --no-pager"), POLL)
        .toContain("standing by");
    });

    test("loses no request while a new release comes", async () => {
      const [before] = await bothServed();
      commit(sandbox, `${SERVICE}// more\n`);
      const endLoad = load(machine.host);
      expect(told(await sandbox.greenlight(["run", "delivery"]))).toEqual([0, ""]);
      const { failures, count } = await endLoad();
      console.log(`${count} requests while a release came, ${failures.length} failed`);
      expect([failures, count > 100]).toEqual([[], true]);
      expect(await served("production")).not.toBe(before);
    });

    test("goes on serving while its units are restarted, stopped and started", async () => {
      const before = [await pids("keeper/main"), await pids("router/main"), await bothServed()];
      for (const act of ["restart", "stop", "start"]) {
        // A pattern names only units that are loaded.
        await machine.tell("root", `cd /etc/systemd/system && systemctl ${act} greenlight-*.service`);
        const own = "cd ~/.config/systemd/user && systemctl --user";
        await machine.tell("deploy", `${own} ${act} greenlight-*.service`);
        expect([await pids("keeper/main"), await pids("router/main"), await bothServed()]).toEqual(before);
      }
    });

    test("serves again by itself when keepers and routers are killed at once", async () => {
      const before = await bothServed();
      const routers = await pids("router/main");
      await machine.tell("root", `kill -9 ${[...(await pids("keeper/main")), ...routers].join(" ")}`);
      await expect.poll(bothServed, POLL).toEqual(before);
      expect(await pids("router/main")).not.toEqual(routers);
    });

    test("serves the same release again by itself after a reboot, which nothing holds up", async () => {
      const before = await bothServed();
      const startedAt = performance.now();
      await machine.reboot();
      await expect.poll(bothServed, POLL).toEqual(before);
      const tookMs = performance.now() - startedAt;
      console.log(`served again ${(tookMs / 1000).toFixed(1)} s after the order to reboot`);
      expect(tookMs).toBeLessThan(REBOOT_LIMIT_MS);
    });

    test("whose user's processes end with the login keeps what a deployment starts", async () => {
      const set = "mkdir -p /etc/systemd/logind.conf.d; echo [Login] > /etc/systemd/logind.conf.d/own.conf";
      await machine.tell("root", `${set}; echo KillUserProcesses=yes >> /etc/systemd/logind.conf.d/own.conf`);
      await machine.tell("root", "systemctl restart systemd-logind");
      expect(told(await sandbox.greenlight(["down", "production"]))).toEqual([0, ""]);
      expect(told(await sandbox.greenlight(["deploy", "production"]))).toEqual([0, ""]);
      const keepers = await pids("keeper/main");
      await expect
        .poll(() => machine.tell("root", "loginctl list-sessions --no-legend | grep -c deploy || true"), POLL)
        .toBe("0");
      expect([await pids("keeper/main"), await served("production")]).toEqual([keepers, expect.any(String)]);
    });

    test("takes another version of Greenlight while the old one keeps, and what stands by is of the new one", async () => {
      const [standBys, keepers] = [await pids("stand-by-main"), await pids("keeper/main")];
      const next = anotherVersion(sandbox);
      for (const place of ["production", "staging"]) {
        const child = spawn(process.execPath, [next, "environments", place], { cwd: sandbox.folder });
        expect((await ended(child)).status).toBe(0);
      }
      await expect
        .poll(async () => (await pids("stand-by-main")).filter((pid) => standBys.includes(pid)), POLL)
        .toEqual([]);
      await expect.poll(async () => (await pids("stand-by-main")).length, POLL).toBe(2);
      expect(await pids("keeper/main")).toEqual(keepers);
      const before = await bothServed();
      await machine.tell("root", `kill -9 ${[...keepers, ...(await pids("router/main"))].join(" ")}`);
      await expect.poll(bothServed, POLL).toEqual(before);
    });

    test("starts nothing after `down`, not at a reboot either, and keeps no unit that was removed", async () => {
      for (const place of ["production", "staging"] as const) {
        expect(told(await sandbox.greenlight(["down", place]))).toEqual([0, ""]);
      }
      await machine.reboot();
      await expect.poll(async () => (await pids("stand-by-main")).length, POLL).toBe(2);
      expect([await bothServed(), await pids("keeper/main")]).toEqual([[null, null], [""]]);
      for (const place of ["production", "staging"] as const)
        expect(told(await keep("uninstall", place))).toEqual([0, ""]);
      await expect.poll(() => pids("stand-by-main"), POLL).toEqual([""]);
      const left =
        "ls -d /etc/systemd/system/greenlight* /home/deploy/.config/systemd/user/greenlight* 2>/dev/null || true";
      expect(await machine.tell("root", left)).toBe("");
    });

    test("without a systemd that runs is told so", async () => {
      await machine.tell(
        "root",
        "printf '#!/bin/sh\\necho offline\\nexit 1\\n' > /usr/local/bin/systemctl; chmod 755 /usr/local/bin/systemctl",
      );
      const { status, stderr } = await keep("install", "staging");
      expect([status, stderr]).toEqual([3, expect.stringContaining("SYSTEMD_MISSING")]);
    });
  },
);

function project(machine: SystemdMachine): Sandbox {
  const sandbox = new Sandbox();
  const { host, identityFile, knownHosts } = machine;
  const options = (port: number): string =>
    JSON.stringify({ identityFile, knownHosts, compression: false, port, bakeMs: 300 });
  sandbox.write("package-lock.json", JSON.stringify({ lockfileVersion: 3, packages: { "": {} } }));
  sandbox.write(".gitignore", "node_modules\n.greenlight\nnext\n");
  sandbox.write(
    "greenlight.config.ts",
    `import { bundle, defineProject, deploy, pipeline } from "greenlight";
     import { server } from "greenlight/targets";
     const environments = {
       production: { target: server("deploy@${host}", ${options(PORTS.production)}), branches: ["main"] },
       staging: { target: server("root@${host}", ${options(PORTS.staging)}), branches: ["main"] },
     };
     const release = bundle({ needs: {}, files: ["server.mjs", "package.json"], entry: "server.mjs", environments });
     export default defineProject({ name: "words", environments, pipelines: { delivery: pipeline({ stages: {
       build: [release],
       deploy: [deploy("staging", { needs: { release } }), deploy("production", { needs: { release } })] } }) } });`,
  );
  execFileSync("git", ["init", "-q", "-b", "main"], { cwd: sandbox.folder });
  commit(sandbox, SERVICE);
  return sandbox;
}

function commit(sandbox: Sandbox, service: string): void {
  sandbox.write("server.mjs", service);
  const who = ["-c", "user.name=kim", "-c", "user.email=kim@example.com"];
  for (const order of [
    ["add", "-A"],
    [...who, "commit", "-q", "-m", "feat: words"],
  ]) {
    execFileSync("git", order, { cwd: sandbox.folder, stdio: "pipe" });
  }
}

/** Keep-alive clients that never retry. Call the result to end it. */
function load(host: string): () => Promise<{ readonly failures: readonly string[]; readonly count: number }> {
  const agent = new Agent({ keepAlive: true });
  const failures: string[] = [];
  let count = 0;
  const over = new AbortController();
  const ask = (): Promise<void> =>
    new Promise((resolve, reject) => {
      const request = get({ host, port: PORTS.production, agent }, (response) => {
        if (response.statusCode !== 200) failures.push(`status ${response.statusCode}`);
        response.resume().once("end", resolve).once("error", reject);
      });
      request.once("error", reject);
    });
  const clients = Array.from({ length: CLIENT_COUNT }, async () => {
    while (!over.signal.aborted) {
      await ask().catch((error: unknown) => void failures.push(String(error)));
      count += 1;
      await new Promise((resolve) => {
        setTimeout(resolve, 5);
      });
    }
  });
  return async () => {
    over.abort();
    await Promise.all(clients);
    agent.destroy();
    return { failures, count };
  };
}

/** The same Greenlight but for a comment in its keeper, as the project's own; answers its command line. */
function anotherVersion(sandbox: Sandbox): string {
  const next = join(sandbox.folder, "next");
  mkdirSync(next);
  for (const part of ["bin", "dist", "package.json"]) {
    cpSync(join(ROOT, "greenlight", part), join(next, "greenlight", part), { recursive: true });
  }
  symlinkSync(join(ROOT, "node_modules"), join(next, "node_modules"));
  appendFileSync(join(next, "greenlight/dist/keeper/main.js"), "// another version\n");
  const used = join(sandbox.folder, "node_modules/greenlight");
  rmSync(used);
  symlinkSync(join(next, "greenlight"), used);
  return join(next, "greenlight/bin", GREENLIGHT.slice(GREENLIGHT.lastIndexOf("/") + 1));
}

function told({ status, stdout, stderr }: Ended): [number | null, string] {
  return [status, status === 0 ? "" : stdout + stderr];
}
