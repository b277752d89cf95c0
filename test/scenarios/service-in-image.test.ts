import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync } from "node:fs";
import { join } from "node:path";

import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";

import { DockerHost, whyNoDocker } from "./testing/docker-host.ts";
import { recordedRun } from "./testing/run-record.ts";
import { ended, Sandbox } from "./testing/sandbox.ts";

const ROOT = join(import.meta.dirname, "../..");
const PAGE = readFileSync(join(ROOT, "docs/toolkits.md"), "utf8");
const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] === "1";
const lack = IS_HEAVY ? whyNoDocker() : null;
const BASE = `greenlight-test-node:${process.pid}`;
const LOG = "out/logs/integration-tests/service.log";
const SECRET = "a key of many words";
const BUILD = "docker build --quiet --iidfile";
const START = { timeout: 90_000, interval: 50 } as const;

const SERVICE = `
import { createServer } from "node:http";
console.log("it starts with " + process.env.MODE + " and " + process.env.API_KEY?.length);
console.error("this is its other stream");
const server = createServer((request, response) => {
  console.log("asked for " + request.url);
  if (request.url === "/fall") process.exit(3);
  response.end("well");
});
server.listen(Number(process.env.PORT), "0.0.0.0");
process.on("SIGTERM", () => { console.log("it is told to end"); if (process.env.MODE !== "deaf") process.exit(0); });
`;
const CHECK = `
import { mkdirSync, readFileSync, writeFileSync, existsSync } from "node:fs";
const what = existsSync("what") ? readFileSync("what", "utf8") : "pass";
const { status } = await fetch(process.env.SERVICE_URL + (what === "fall" ? "/fall" : "/x")).catch(() => ({ status: 0 }));
const isGood = status === 200 && what !== "fail";
const failure = isGood ? "" : '<failure message="wrong answer">' + status + "</failure>";
mkdirSync("out/reports", { recursive: true });
writeFileSync("out/reports/integration.xml", '<testsuite name="films" tests="1"><testcase name="asks" classname="films" time="0.1">' + failure + "</testcase></testsuite>");
if (what === "hang") { writeFileSync("hanging", process.env.PORT); setInterval(() => {}, 1000); } else process.exitCode = isGood ? 0 : 1;
`;

const idsOf = (text: string): string[] => text.split("\n").filter((line) => line !== "");

/** Starts a daemon and builds images, so only with `npm run test:heavy`. */
describe.runIf(IS_HEAVY && lack === null)(`a service in its image${lack === null ? "" : ` (skipped: ${lack})`}`, () => {
  let host: DockerHost;
  let sandbox: Sandbox;
  let child: ChildProcess | null = null;

  beforeAll(async () => {
    host = await DockerHost.start();
    await host.buildNodeImage(BASE);
  });

  afterAll(async () => {
    for (const image of [BASE, ...(await ownImages())]) await host.docker("rmi", "--force", image).catch(() => "");
    await host.stop();
  });

  beforeEach(() => {
    sandbox = new Sandbox();
    sandbox.write("service.mjs", SERVICE);
    sandbox.write("check.mjs", CHECK);
    sandbox.write(
      "Dockerfile",
      `FROM ${BASE}\nLABEL greenlight.test=1\nCOPY service.mjs /\nEXPOSE 8000\nCMD ["/service.mjs"]\n`,
    );
    define();
  });

  afterEach(async () => {
    if (child !== null && child.exitCode === null && child.signalCode === null) {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    child = null;
    const left = await containers();
    if (left.length > 0) await host.docker("rm", "--force", ...left);
    sandbox.dispose();
    if (left.length > 0) throw new Error(`${left.length} containers were left`);
  });

  function define({ service = "", build = `${BUILD} out/image .`, timeoutMs = 120_000 } = {}): void {
    sandbox.write(
      "greenlight.config.ts",
      `import { defineProject, pipeline, step } from "greenlight";
       import { withService } from "greenlight/toolkits";
       const image = step("image", { run: "${build}", inputs: ["Dockerfile", "service.mjs"],
         outputs: { image: "out/image" }, env: ["DOCKER_HOST"] });
       const tests = step("integration tests", { run: "${process.execPath} check.mjs", inputs: ["check.mjs", "what"],
         timeoutMs: ${timeoutMs}, evidence: [{ format: "junit", path: "out/reports/integration.xml", tool: "integration tests" }] });
       export default defineProject({ name: "films", secrets: { API_KEY: { from: "environment" } }, pipelines: { delivery: pipeline({
         stages: { build: [image], test: [withService(tests, { image, secrets: ["API_KEY"], ${service} })] } }) } });`,
    );
  }

  const env = (): Record<string, string> => ({ ...host.env, API_KEY: SECRET });
  const greenlight = (...args: readonly string[]) => sandbox.greenlight(args, env());
  const step = async () => (await recordedRun(sandbox.folder)).step("integration tests");
  const containers = async () =>
    idsOf(await host.docker("ps", "--all", "--quiet", "--filter", "label=greenlight.step"));
  const ownImages = async () => idsOf(await host.docker("images", "--quiet", "--filter", "label=greenlight.test"));
  /** Starts a run whose tests wait for ever, and comes back when they do. */
  async function startHanging(more: Record<string, string> = {}): Promise<ChildProcess> {
    sandbox.write("what", "hang");
    child = sandbox.start(["run"], { ...env(), ...more });
    const file = join(sandbox.folder, "hanging");
    await expect.poll(() => existsSync(file) || child?.exitCode !== null, START).toBe(true);
    expect(existsSync(file)).toBe(true);
    return child;
  }
  const records = (): string[] => {
    const folder = join(sandbox.folder, ".greenlight/containers");
    return existsSync(folder) ? readdirSync(folder) : [];
  };

  test("is built by one step and tested by another; its log is kept, and an unchanged one is not tested again", async () => {
    define({ service: 'variables: { MODE: "quiet" }' });
    expect(await greenlight("run")).toMatchObject({ status: 0 });
    const log = sandbox.read(LOG);
    expect(log.split("\n")[0]).toBe("it starts with quiet and 19");
    expect(log).toMatch(/other stream[^]*asked for \/health\nasked for \/x\nit is told to end\n$/u);
    expect(records()).toEqual([]);
    expect(await greenlight("run")).toMatchObject({ status: 0 });
    expect(await step()).toMatchObject({ outcome: "passed", isFromCache: true });
    sandbox.write("service.mjs", SERVICE.replace('"well"', '"very well"'));
    expect(await greenlight("run")).toMatchObject({ status: 0 });
    expect(await step()).toMatchObject({ isFromCache: false, why: expect.stringContaining("image") });
  });

  test("is loaded from what `docker save` wrote, also when the daemon has forgotten it", async () => {
    const id = '"$(cat id)"';
    sandbox.write("build.sh", `${BUILD} id . && docker save --output out/image ${id} && docker rmi --force ${id}`);
    define({ build: "sh build.sh" });
    expect(await greenlight("run")).toMatchObject({ status: 0 });
    expect(sandbox.read(LOG)).toContain("asked for /x");
  });

  test("keeps its log beside tests that fail, and tells how it fell", async () => {
    sandbox.write("what", "fail");
    expect(await greenlight("run")).toMatchObject({ status: 1 });
    expect(await step()).toMatchObject({
      outcome: "failed",
      problems: [{ code: "TESTS_FAILED" }],
      evidence: [
        { failedCount: 1, logs: [{ path: LOG, tail: expect.stringMatching(/other stream[^]*asked for \/x/u) }] },
      ],
    });
    sandbox.write("what", "fall");
    expect((await greenlight("run")).status).toBe(1);
    expect(sandbox.read(LOG)).toContain("asked for /fall");
    expect(records()).toEqual([]);
  });

  test("that dies before it is ready, needs too much memory or never answers is told with its last lines", async () => {
    define({ service: 'port: 8000, env: ["NODE_OPTIONS"]' });
    sandbox.write("service.mjs", 'console.log("no database"); process.exit(4);');
    const died = await greenlight("run");
    expect(died.status).toBe(1);
    expect((await step()).problems[0]?.message).toMatch(/did not become ready: it exited with 4; .*no database/su);
    sandbox.write("service.mjs", "const all = []; setInterval(() => all.push(Buffer.alloc(4e6, 1)), 1);");
    define({ service: "memoryMb: 64" });
    await greenlight("run");
    expect((await step()).problems[0]?.message).toMatch(/it was killed: it needed more than 64 MB/u);
    sandbox.write("service.mjs", 'console.log("here I am"); setInterval(() => {}, 1000);');
    define({ service: "readyMs: 1500" });
    await greenlight("run");
    expect((await step()).problems[0]?.message).toMatch(
      /no answer at \/health on its port 8000 in 1.5 s; .*here I am/su,
    );
  });

  test("that is deaf to TERM is killed, and removed", async () => {
    define({ service: 'variables: { MODE: "deaf" }' });
    expect(await greenlight("run")).toMatchObject({ status: 0 });
    expect(sandbox.read(LOG)).toContain("it is told to end");
    const logs = await greenlight("logs", "--step", "integration tests");
    expect(logs.stdout).toContain("did not end within 5 s of TERM and was killed");
  });

  test("has no rights beyond its own, bounds, and no secret on a command line or in a file", async () => {
    // The real client, with all that it is asked written down.
    sandbox.write(
      "bin/docker",
      `#!/bin/sh\nprintf '%s ' "$@" >> '${sandbox.folder}/calls'\nexec '${host.client}' "$@"\n`,
    );
    chmodSync(join(sandbox.folder, "bin/docker"), 0o755);
    const path = `${join(sandbox.folder, "bin")}:${host.env["PATH"] ?? process.env["PATH"]}`;
    const running = await startHanging({ PATH: path });
    const end = ended(running);
    const [id = ""] = await containers();
    const [found] = JSON.parse(await host.docker("inspect", id)) as object[];
    const { view } = await recordedRun(sandbox.folder);
    const labels = { "greenlight.project": "films", "greenlight.run": view.id, "greenlight.step": "integration tests" };
    expect(found).toMatchObject({
      HostConfig: {
        Memory: 2 ** 31,
        MemorySwap: 2 ** 31,
        PidsLimit: 512,
        Privileged: false,
        Init: true,
        SecurityOpt: ["no-new-privileges"],
        PortBindings: { "8000/tcp": [{ HostIp: "127.0.0.1", HostPort: "" }] },
      },
      Config: { Labels: labels, Env: expect.arrayContaining([`API_KEY=${SECRET}`]) },
    });
    expect(sandbox.read("calls")).toContain(" --env-file ");
    expect(sandbox.read("calls")).not.toContain(SECRET);
    const files = readdirSync(sandbox.folder, { recursive: true, withFileTypes: true }).filter((each) => each.isFile());
    expect(files.filter((each) => readFileSync(join(each.parentPath, each.name)).includes(SECRET))).toEqual([]);
    running.kill("SIGINT");
    expect((await end).status).toBe(130);
    expect(await containers()).toEqual([]);
    expect(records()).toEqual([]);
    expect(sandbox.read(LOG)).toContain("it is told to end");
  });

  test("goes with a step that took too long", async () => {
    define({ timeoutMs: 15_000 });
    sandbox.write("what", "hang");
    expect((await greenlight("run")).status).toBe(1);
    expect(await step()).toMatchObject({ problems: [{ code: "STEP_TIMEOUT" }] });
    expect(records()).toEqual([]);
  });

  test("is removed by the engine when the step's own process was killed", async () => {
    const running = await startHanging();
    const end = ended(running);
    const [name = ""] = records();
    const { owner } = JSON.parse(sandbox.read(`.greenlight/containers/${name}`)) as { owner: { pid: number } };
    process.kill(owner.pid, "SIGKILL");
    expect((await end).status).toBe(1);
    expect(await containers()).toEqual([]);
    expect(records()).toEqual([]);
  });

  test.each(["run", "resume", "cancel"])(
    "is left by an engine that is killed, and removed by the next %s",
    async (next) => {
      const running = await startHanging();
      running.stdout?.resume();
      running.stderr?.resume();
      running.kill("SIGKILL");
      await once(running, "close");
      expect(await containers()).toHaveLength(1);
      expect(records()).toHaveLength(1);
      sandbox.write("what", "pass");
      // Whoever comes next may know nothing of the daemon that was meant.
      const { DOCKER_HOST: _, ...others } = env();
      const after = await sandbox.greenlight([next], next === "cancel" ? others : env());
      expect(after.status).toBe(0);
      if (next !== "cancel")
        expect(after.stdout + after.stderr).toContain("removed a container that an earlier run left");
      expect(await containers()).toEqual([]);
      expect(records()).toEqual([]);
    },
  );

  test("is tested as the example of the page on toolkits says", async () => {
    const [, section = ""] = PAGE.split("## The service that is tested");
    const [, code = ""] = /```ts\n([^]*?)```/u.exec(section) ?? [];
    expect(code).toContain("withService");
    sandbox.write("greenlight.config.ts", code);
    sandbox.write("src/main.mjs", SERVICE);
    sandbox.write("Dockerfile", `FROM ${BASE}\nLABEL greenlight.test=1\nCOPY src /src\nCMD ["/src/main.mjs"]\n`);
    sandbox.write(
      "test/integration/films.test.js",
      `import { expect, test } from "vitest";
       test("answers", async () => expect(await (await fetch(process.env.SERVICE_URL + "/films")).text()).toBe("well"));`,
    );
    mkdirSync(join(sandbox.folder, "node_modules/.bin"));
    symlinkSync(join(ROOT, "node_modules/vitest"), join(sandbox.folder, "node_modules/vitest"));
    symlinkSync("../vitest/vitest.mjs", join(sandbox.folder, "node_modules/.bin/vitest"));
    const { status, stdout } = await greenlight("run");
    expect(status === 0 ? "" : stdout).toBe("");
    expect((await step()).evidence).toMatchObject([{ kind: "tests", passedCount: 1, failedCount: 0 }]);
    expect(sandbox.read(LOG)).toContain("asked for /films");
  });
});
