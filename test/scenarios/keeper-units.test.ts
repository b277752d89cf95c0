import type { ChildProcess } from "node:child_process";
import { chmodSync, existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { processesOf } from "./testing/processes.ts";
import { freePort, Sandbox } from "./testing/sandbox.ts";

const POLL = { timeout: 15_000, interval: 20 } as const;
const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] === "1";
const SERVICE = `
import { createServer } from "node:http";

const releaseId = process.env.RELEASE_ID;
const server = createServer((request, response) => response.end(JSON.stringify({ releaseId, pid: process.pid })));
server.listen(Number(process.env.PORT), process.env.HOST);
process.on("SIGTERM", () => server.close(() => process.exit(0)));
console.log("the service is up");
`;
/** Writes down what it is asked, and says yes; `server-reboot.test.ts` asks a real systemd. */
const SYSTEMCTL = `#!/bin/sh
echo "$*" >> "$CALLS"
case "$*" in *is-system-running*) echo "\${SYSTEMD_STATE:-running}" ;; esac
case "$*" in *is-active*) exit 3 ;; esac
exit 0
`;

let sandbox: Sandbox;
let port: number;
let env: Record<string, string>;

beforeEach(async () => {
  sandbox = new Sandbox();
  port = await freePort();
  sandbox.write("package-lock.json", JSON.stringify({ lockfileVersion: 3, packages: { "": {} } }));
  sandbox.write("server.mjs", SERVICE);
  sandbox.write(
    "greenlight.config.ts",
    `import { bundle, defineProject, deploy, pipeline, step } from "greenlight";
     import { processes } from "greenlight/targets";
     const environments = { production: { target: processes({ port: ${port}, bakeMs: 200 }), branches: ["main"] } };
     const check = step("check", { run: "node --check server.mjs", inputs: ["server.mjs"] });
     const release = bundle({ needs: { check }, files: ["server.mjs", "package.json"], entry: "server.mjs", environments });
     export default defineProject({ name: "words", environments, pipelines: { delivery: pipeline({
       stages: { build: [check, release], deploy: [deploy("production", { needs: { release } })] } }) } });`,
  );
  sandbox.write("bin/systemctl", SYSTEMCTL);
  sandbox.write("bin/loginctl", "#!/bin/sh\necho no\n");
  for (const name of ["systemctl", "loginctl"]) chmodSync(join(sandbox.folder, "bin", name), 0o755);
  env = {
    PATH: `${join(sandbox.folder, "bin")}:${process.env["PATH"] ?? ""}`,
    CALLS: join(sandbox.folder, "calls"),
    XDG_CONFIG_HOME: join(sandbox.folder, "config"),
  };
});

afterEach(async () => {
  await sandbox.down();
  await sandbox.dispose();
});

interface Status {
  readonly environments: readonly {
    status: string;
    live: { deploymentId: string; releaseId: string; slot: string } | null;
    keeper: { pid: number } | null;
    router: { pid: number } | null;
    slots: { slot: string; pid: number | null; port: number }[];
  }[];
}

async function status(): Promise<Status["environments"][number]> {
  const answer = JSON.parse((await sandbox.greenlight(["status", "--json"])).stdout) as Status;
  const [environment] = answer.environments;
  if (environment === undefined) throw new Error("no environment");
  return environment;
}

async function served(): Promise<string | null> {
  const answer = await fetch(`http://127.0.0.1:${port}/`).catch(() => null);
  return answer?.status === 200 ? ((await answer.json()) as { releaseId: string }).releaseId : null;
}

function calls(): string[] {
  return existsSync(env["CALLS"] ?? "") ? sandbox.read("calls").trim().split("\n") : [];
}

/** Pids of all that has to do with the project, but for those that stand by. */
function running(): number[] {
  return processesOf(sandbox.folder, "stand-by-main");
}

/** Starts what the unit says as systemd does: with its variables, and no others. */
function execStart(text: string): ChildProcess {
  const command = words(/^ExecStart=.*$/mu.exec(text)?.[0] ?? "");
  const variables = [...text.matchAll(/^Environment="([^=]+)=([^"]*)"$/gmu)].map(([, name = "", value = ""]) => [
    name,
    value,
  ]);
  return sandbox.startProgram(command[0] ?? "", command.slice(1), {
    cwd: "/",
    env: Object.fromEntries(variables) as Record<string, string>,
    stdio: "ignore",
    detached: true,
  });
}

function words(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"/gu)].map(([, word = ""]) => word);
}

describe.runIf(process.platform === "linux")("greenlight keeper", () => {
  test("prints a unit without touching anything, says where it can't be installed, installs it, tells of it, and removes it", async () => {
    await sandbox.greenlight(["up", "--once", "--yes"]);
    const printed = await sandbox.greenlight(["keeper", "install", "--user", "--print"], env);
    expect(printed.stdout).toContain("ExecStart=/usr/bin/env ");
    expect(calls()).toEqual([]);
    expect(existsSync(join(sandbox.folder, "config"))).toBe(false);

    const without = await sandbox.greenlight(["keeper", "install", "--user"], { ...env, SYSTEMD_STATE: "offline" });
    expect([without.status, without.stderr]).toEqual([3, expect.stringContaining("SYSTEMD_MISSING")]);
    expect(without.stderr).toContain("--print");
    expect(existsSync(join(sandbox.folder, "config"))).toBe(false);

    const installed = await sandbox.greenlight(["keeper", "install", "--user"], env);
    expect([installed.status, installed.stderr]).toEqual([0, ""]);
    expect(installed.stdout).toMatch(
      /^production: running, keeper \d+; greenlight-words-production-\w+\.service: enabled/u,
    );
    expect(installed.stdout).toContain("loginctl enable-linger");
    const [name = ""] = readdirSync(join(sandbox.folder, "config/systemd/user"));
    expect(printed.stdout).toContain(sandbox.read(`config/systemd/user/${name}`));
    expect(calls().filter((line) => / (daemon-reload|enable|start|restart) ?/u.test(line))).toEqual([
      "--user --no-ask-password daemon-reload",
      `--user --no-ask-password enable ${name}`,
      `--user --no-ask-password start ${name}`,
    ]);

    const told = JSON.parse((await sandbox.greenlight(["keeper", "status", "--user", "--json"], env)).stdout) as object;
    const unit = { environment: "production", isInstalled: true, isCurrent: true, isEnabled: true, isLingering: false };
    expect(told).toMatchObject({ environments: [unit] });

    const logs = await sandbox.greenlight(["logs", "--environment", "production", "--lines", "1"]);
    expect([logs.status, logs.stdout]).toEqual([0, "the service is up\n"]);

    const before = running();
    expect((await sandbox.greenlight(["keeper", "uninstall", "--user"], env)).status).toBe(0);
    expect(readdirSync(join(sandbox.folder, "config/systemd/user"))).toEqual([]);
    expect(calls()).toContain(`--user --no-ask-password disable --now ${name}`);
    expect(running()).toEqual(before);
    expect((await sandbox.greenlight(["keeper", "uninstall", "--user"], env)).status).toBe(0);
  });

  test.runIf(IS_HEAVY)(
    "after a reboot the unit brings slot, router and route back as they were; after `down` it brings nothing",
    async () => {
      await sandbox.greenlight(["up", "--once", "--yes"]);
      const before = await status();
      const unit = (await sandbox.greenlight(["keeper", "install", "--user", "--print"], env)).stdout;
      await expect
        .poll(() => {
          for (const pid of running()) process.kill(pid, "SIGKILL");
          return running();
        }, POLL)
        .toEqual([]);
      expect(await served()).toBeNull();
      execStart(unit);
      await expect.poll(served, POLL).toBe(before.live?.releaseId);
      const after = await status();
      expect([after.status, after.live]).toEqual(["running", before.live]);
      const slotsOf = (each: typeof after) => each.slots.map(({ slot, port: at }) => [slot, at]);
      expect(slotsOf(after)).toEqual(slotsOf(before));
      const pids = [after.keeper?.pid, after.router?.pid, ...after.slots.map(({ pid }) => pid)];
      expect(running().toSorted()).toEqual(pids.toSorted());

      await sandbox.greenlight(["down"]);
      expect(running()).toEqual([]);
      execStart(unit);
      await new Promise((resolve) => {
        setTimeout(resolve, 1000);
      });
      expect(running()).toEqual([]);
      expect((await status()).status).toBe("stopped");

      // What stands by is in nobody's way, and looks after what is started later.
      expect((await sandbox.greenlight(["up", "--once", "--yes"])).status).toBe(0);
      expect(await served()).toBe(before.live?.releaseId);
    },
  );

  test("wants an environment that was deployed to, and a word that it knows", async () => {
    const none = await sandbox.greenlight(["keeper", "install", "--environment", "staging"], env);
    expect([none.status, none.stderr]).toEqual([2, expect.stringContaining("ENVIRONMENT_UNKNOWN: staging")]);
    const word = await sandbox.greenlight(["keeper", "instal"], env);
    expect([word.status, word.stderr]).toEqual([2, expect.stringContaining("USAGE")]);
  });
});
