import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { processStartTime } from "../../greenlight/src/base/process-identity.ts";
import { ended, freePort, Sandbox } from "./testing/sandbox.ts";
import { writeService } from "./testing/words-service.ts";

const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] === "1";
const ANSWER = '{ releaseId, word: "film", greeting: process.env.GREETING }';
interface Status {
  readonly environments: readonly {
    environment: string;
    status: string;
    live: { releaseId: string } | null;
    keeper: { pid: number } | null;
    router: { pid: number } | null;
    slots: { pid: number | null }[];
  }[];
  readonly runs: readonly { outcome: string }[];
}

let sandbox: Sandbox;
let port: number;

beforeEach(async () => {
  sandbox = new Sandbox();
  port = await freePort();
  writeService(sandbox, ANSWER);
  define({ bakeMs: 300 });
});

afterEach(async () => {
  await sandbox.down();
  await sandbox.dispose();
});

function define(options: { readonly bakeMs: number }): void {
  sandbox.write(
    "greenlight.config.ts",
    `import { bundle, defineProject, deploy, health, pipeline, report, smokeTests, step } from "greenlight";
     import { processes } from "greenlight/targets";
     const environments = {
       production: { target: processes({ port: ${port}, bakeMs: ${options.bakeMs} }), branches: ["main"], approval: {}, configuration: { GREETING: "hello" } },
     };
     const check = step("check", { run: "node --check server.mjs", inputs: ["server.mjs"] });
     const release = bundle({ needs: { check }, files: ["server.mjs", "package.json"], entry: "server.mjs", environments });
     const production = deploy("production", { needs: { release } });
     const smoke = smokeTests("production", { deployment: production, checks: [{ name: "a word", path: "/", expect: { status: 200, json: { word: "film" }, release: true } }] });
     export default defineProject({ name: "words", environments, pipelines: { delivery: pipeline({
       stages: { build: [check, release], deploy: [production, smoke], after: [health({ deployments: { production } })] }, finally: [report()] }) } });`,
  );
}

async function status(): Promise<Status> {
  return JSON.parse((await sandbox.greenlight(["status", "--json"])).stdout) as Status;
}

function pidsOf({ environments }: Status): number[] {
  return environments.flatMap(({ keeper, router, slots }) =>
    [keeper?.pid, router?.pid, ...slots.map((slot) => slot.pid)].filter((pid) => typeof pid === "number"),
  );
}

async function word(): Promise<unknown> {
  return (await fetch(`http://127.0.0.1:${port}/`)).json();
}

describe("up and down", () => {
  test("a release goes live, is already so the second time, is gone after down, and comes back with a reason", async () => {
    const first = await sandbox.greenlight(["up", "--once", "--yes"]);
    expect(first.stdout + first.stderr).toContain("passed in");
    expect(first.status).toBe(0);
    expect(await word()).toMatchObject({
      word: "film",
      greeting: "hello",
      releaseId: expect.stringMatching(/^words-[0-9a-f]{12}$/u),
    });

    const second = await sandbox.greenlight(["up", "--once", "--yes"]);
    expect(second.stdout).toMatch(/bundle +cached/u);
    expect(second.stdout).toMatch(/deploy production +already so/u);
    expect(second.stdout).toMatch(/smoke tests production +already so/u);

    const pids = pidsOf(await status());
    expect(pids).toHaveLength(3);
    const down = await sandbox.greenlight(["down"]);
    expect(down.stdout).toContain("production: stopped");
    expect(pids.filter((pid) => processStartTime(pid) !== null)).toEqual([]);
    expect((await status()).environments[0]?.status).toBe("stopped");

    const third = await sandbox.greenlight(["up", "--once", "--yes"]);
    expect(third.stdout).toMatch(/bundle +cached/u);
    expect(third.stdout).toMatch(/deploy production +[\d.]+ m?s +the environment was stopped/u);
    expect(await word()).toMatchObject({ word: "film" });
  });

  test.runIf(IS_HEAVY)("a changed service replaces the old one, and the report tells both", async () => {
    await sandbox.greenlight(["up", "--once", "--yes"]);
    const before = (await status()).environments[0]?.live?.releaseId ?? "";
    writeService(sandbox, ANSWER.replace("}", ", more: true }"));
    const second = await sandbox.greenlight(["up", "--once", "--yes"]);
    expect(second.stdout).toMatch(/check +\d.*ran: server\.mjs changed/u);
    expect(await word()).toMatchObject({ more: true });
    const report = sandbox.read(".greenlight/reports/latest.html");
    expect(report).toContain(before);
    expect(report).toContain((await status()).environments[0]?.live?.releaseId ?? "?");
  });

  test("a release that fails its start leaves the old one serving, with status 1", async () => {
    await sandbox.greenlight(["up", "--once", "--yes"]);
    writeService(sandbox, ANSWER, 'setTimeout(() => { throw new Error("no model"); }, 50);');
    const second = await sandbox.greenlight(["up", "--once", "--yes"]);
    expect(second.status).toBe(1);
    expect(second.stdout).toMatch(/✖ deploy production/u);
    expect(second.stdout).toContain("remedy: ");
    expect(await word()).toMatchObject({ word: "film" });
  });
});

describe("approval", () => {
  test("without a terminal and without --yes the run waits with status 4, and nothing is started", async () => {
    const { status: code, stdout } = await sandbox.greenlight(["up", "--once"]);
    expect(code).toBe(4);
    expect(stdout).toContain("APPROVAL_WANTED: production");
    expect(pidsOf(await status())).toEqual([]);
    expect((await status()).runs[0]?.outcome).toBe("waiting");
  });
});

describe("bad luck", () => {
  test("a taken port is told before anything is started", async () => {
    const squatter = createServer().listen(port, "127.0.0.1");
    await once(squatter, "listening");
    try {
      const { status: code, stdout } = await sandbox.greenlight(["up", "--once", "--yes"]);
      expect(code).toBe(1);
      expect(stdout).toMatch(new RegExp(`PORT_TAKEN: .*${port}`, "u"));
      expect(pidsOf(await status())).toEqual([]);
    } finally {
      squatter.close();
    }
  });

  test.runIf(IS_HEAVY)("Ctrl-C while it serves stops what this command started", async () => {
    const child = sandbox.start(["up", "--yes"]);
    const end = ended(child);
    await expect.poll(async () => (await status()).runs[0]?.outcome, { timeout: 60_000, interval: 200 }).toBe("passed");
    const pids = pidsOf(await status());
    expect(pids).toHaveLength(3);
    child.kill("SIGINT");
    expect((await end).stdout).toContain("Serving");
    expect(pids.filter((pid) => processStartTime(pid) !== null)).toEqual([]);
  });

  test.runIf(IS_HEAVY)("Ctrl-C does not stop what served before", async () => {
    await sandbox.greenlight(["up", "--once", "--yes"]);
    const child = sandbox.start(["up", "--yes"]);
    const end = ended(child);
    await expect
      .poll(async () => (await status()).runs.filter((run) => run.outcome === "passed").length, {
        timeout: 60_000,
        interval: 200,
      })
      .toBe(2);
    child.kill("SIGINT");
    await end;
    expect(await word()).toMatchObject({ word: "film" });
  });

  test.runIf(IS_HEAVY).each(["starting-green", "health", "baking"])(
    "Ctrl-C at %s of a first deployment leaves no process, and the record says cancelled",
    async (state) => {
      define({ bakeMs: 30_000 });
      const child = sandbox.start(["up", "--once", "--yes"]);
      const end = ended(child);
      await expect.poll(() => deployLog().includes(` ${state}:`), { timeout: 60_000, interval: 10 }).toBe(true);
      const pids = pidsOf(await status());
      child.kill("SIGINT");
      expect((await end).status).toBe(130);
      const after = await status();
      expect(after.runs[0]?.outcome).toBe("cancelled");
      expect([...pids, ...pidsOf(after)].filter((pid) => processStartTime(pid) !== null)).toEqual([]);
    },
  );
});

/** What the last run's deploy step has written so far. */
function deployLog(): string {
  const holder = ".greenlight/run-holder.json";
  if (!existsSync(join(sandbox.folder, holder))) return "";
  const { runId } = JSON.parse(sandbox.read(holder)) as { runId: string };
  const folder = `.greenlight/runs/${runId}`;
  const file = readdirSync(join(sandbox.folder, folder)).find((name) => /^deploy-production.*\.log$/u.test(name));
  return file === undefined ? "" : sandbox.read(`${folder}/${file}`);
}
