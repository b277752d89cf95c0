import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { processStartTime } from "../../greenlight/src/base/process-identity.ts";
import { ended, GREENLIGHT, Sandbox } from "./testing/sandbox.ts";

let sandbox: Sandbox;

beforeEach(() => {
  sandbox = new Sandbox();
});

afterEach(() => sandbox.dispose());

const HEAD = 'import { defineProject, pipeline, step } from "greenlight";\n';

function config(body: string): void {
  sandbox.write("greenlight.config.ts", `${HEAD}${body}`);
}

describe("a definition that can't be used ends with status 2, a code, a place and a remedy", () => {
  test.each([
    ["throws", "throw new Error('no films');", "CONFIG_THREW: greenlight.config.ts:2", "no films"],
    ["does not parse", "export default {{;", "CONFIG_SYNTAX: greenlight.config.ts", ""],
    ["imports what is not there", 'import "./gone.ts";', "CONFIG_THREW", "gone.ts"],
    ["exports no project", "export default 7;", "CONFIG_NOT_A_PROJECT", ""],
  ])("%s", async (_name, body, code, message) => {
    config(body);
    const { status, stderr } = await sandbox.greenlight(["plan"]);
    expect(status).toBe(2);
    expect(stderr).toContain(code);
    expect(stderr).toContain(message);
    expect(stderr).toContain("remedy: ");
    expect(stderr).not.toContain("    at ");
  });

  test("several problems are told at once, also as JSON", async () => {
    config(`
      const lost = step("lost", { run: "x" });
      export default defineProject({ name: "shop", pipelines: { delivery: pipeline({ stages: {
        one: [step("a", { run: "x", needs: { lost } }), step("b", { run: "x", needs: { c: "c" } }), step("c", { run: "x", needs: { b: "b" } })],
        two: [step("a", { run: "x" })] } }) } });`);
    const { status, stderr } = await sandbox.greenlight(["run"]);
    expect(status).toBe(2);
    expect(stderr).toContain("STEP_DUPLICATE_NAME");
    expect(stderr).toContain("STEP_UNKNOWN_NEED");
    expect(stderr).toContain("b → c → b");
    const json = await sandbox.greenlight(["run", "--json"]);
    expect(JSON.parse(json.stdout)).toMatchObject({
      problems: [{ code: expect.any(String), place: expect.any(String), remedy: expect.any(String) }, {}, {}],
    });
    expect(existsSync(join(sandbox.folder, ".greenlight"))).toBe(false);
  });

  test("no project at all, an unknown command, an unknown pipeline", async () => {
    expect((await sandbox.greenlight(["plan"])).stderr).toContain("CONFIG_MISSING");
    const usage = await sandbox.greenlight(["plam"]);
    expect(usage).toMatchObject({ status: 2, stderr: expect.stringContaining("USAGE") });
    config(
      'export default defineProject({ name: "shop", pipelines: { nightly: pipeline({ stages: { s: [step("a", { run: "true" })] } }) } });',
    );
    expect((await sandbox.greenlight(["run", "weekly"])).stderr).toContain(
      "PIPELINE_UNKNOWN: weekly: the project has these pipelines: nightly",
    );
  });
});

describe("a project of one's own", () => {
  beforeEach(() => {
    sandbox.write("in.txt", "film\n");
    config(`
      const make = step("make it", { run: "mkdir -p out && cp in.txt out/text && echo copied the film", inputs: ["in.txt"], outputs: { text: "out/text" } });
      const check = step("check", { run: "grep -q film out/text", inputs: [], needs: { make } });
      export default defineProject({ name: "shop", pipelines: { delivery: pipeline({ stages: { build: [make], test: [check] } }) } });`);
  });

  test("run, why, plan, status and logs tell one story", async () => {
    const first = await sandbox.greenlight(["run"]);
    expect(first).toMatchObject({ status: 0 });
    expect(first.stdout).toMatch(/✔ make it +\d+ ms +ran: it has not passed here yet/u);
    const second = await sandbox.greenlight(["run"]);
    expect(second.stdout).toMatch(/✔ make it +cached \d+ ms +nothing changed since run/u);
    expect(second.stdout).toContain("passed in");

    sandbox.write("in.txt", "another film\n");
    const plan = await sandbox.greenlight(["plan"]);
    expect(plan.stdout).toMatch(/make it +would run +in\.txt changed/u);
    expect(plan.stdout).toMatch(/check +depends +on what "make it" puts out/u);
    const why = await sandbox.greenlight(["why", "make it", "--json"]);
    expect(JSON.parse(why.stdout)).toMatchObject({
      steps: [{ step: "make it", now: { prediction: "run", differences: ["in.txt changed"] } }],
    });

    const status = JSON.parse((await sandbox.greenlight(["status", "--json"])).stdout) as {
      runs: { outcome: string }[];
    };
    expect(status.runs.map((run) => run.outcome)).toEqual(["passed", "passed"]);
    expect((await sandbox.greenlight(["logs", "--step", "make it"])).stdout).toBe("copied the film\n");
  });

  test("--json gives one event a line, in order, and nothing else", async () => {
    const { stdout, stderr } = await sandbox.greenlight(["run", "--json"]);
    const events = stdout
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line) as { sequence: number; type: string });
    expect(events.map((event) => event.sequence)).toEqual(events.map((_event, index) => index + 1));
    expect(events[0]?.type).toBe("run-started");
    expect(events.at(-1)?.type).toBe("run-ended");
    expect(stderr).toBe("");
  });

  test("a failing step ends with status 1, its last lines and the command that shows its log", async () => {
    sandbox.write("in.txt", "tree\n");
    const { status, stdout } = await sandbox.greenlight(["run"]);
    expect(status).toBe(1);
    expect(stdout).toMatch(/✖ check +\d+ ms +failed: .*exited with 1/u);
    expect(stdout).toMatch(/remedy: read the whole log: greenlight logs \w+ --step "check"/u);
  });

  test("the state folder hides itself from git", async () => {
    await sandbox.greenlight(["run"]);
    expect(sandbox.read(".greenlight/.gitignore")).toBe("*\n");
  });
});

describe("Ctrl-C", () => {
  test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
    "%s: nothing of the run is left, the record says cancelled, status 130",
    async (signal) => {
      config(`
      const slow = step("slow", { run: "sleep 300 & echo $! > pid; wait", inputs: [] });
      export default defineProject({ name: "shop", pipelines: { delivery: pipeline({ stages: { s: [slow, step("after", { run: "true", needs: { slow } })] } }) } });`);
      const child = sandbox.start(["run"]);
      const end = ended(child);
      await expect
        .poll(() => existsSync(join(sandbox.folder, "pid")) && sandbox.read("pid").trim() !== "", { timeout: 10_000 })
        .toBe(true);
      child.kill(signal);
      expect((await end).status).toBe(130);
      await expect.poll(() => processStartTime(Number(sandbox.read("pid")))).toBeNull();
      const { runs } = JSON.parse((await sandbox.greenlight(["status", "--json"])).stdout) as {
        runs: { outcome: string }[];
      };
      expect(runs.map((run) => run.outcome)).toEqual(["cancelled"]);
    },
  );

  test("a killed engine's run is told as interrupted, and the next run ends what it left and starts", async () => {
    config(
      'export default defineProject({ name: "shop", pipelines: { delivery: pipeline({ stages: { s: [step("slow", { run: "test -f pid && exit 0; echo $$ > pid; sleep 300", inputs: [] })] } }) } });',
    );
    const child = sandbox.start(["run"]);
    await expect.poll(() => existsSync(join(sandbox.folder, "pid")), { timeout: 10_000 }).toBe(true);
    child.kill("SIGKILL");
    await once(child, "close");
    const orphan = Number(sandbox.read("pid"));
    const { runs } = JSON.parse((await sandbox.greenlight(["status", "--json"])).stdout) as {
      runs: { outcome: string }[];
    };
    expect(runs.map((run) => run.outcome)).toEqual(["interrupted"]);
    expect((await sandbox.greenlight(["run"])).status).toBe(0);
    await expect.poll(() => processStartTime(orphan)).toBeNull();
  });
});

test.skipIf(!existsSync("/dev/full"))(
  "a run that prints where nothing fits any more goes on to its end, is recorded, and says so (skipped without /dev/full)",
  async () => {
    config(`export default defineProject({ name: "shop", pipelines: { delivery: pipeline({ stages: {
      one: [step("a", { run: "sleep 0.2; echo a > a.txt", inputs: [], outputs: { a: "a.txt" } })] } }) } });`);
    const full = openSync("/dev/full", "w");
    try {
      const { status, stderr } = spawnSync(process.execPath, [GREENLIGHT, "run"], {
        cwd: sandbox.folder,
        stdio: ["ignore", full, "pipe"],
        encoding: "utf8",
      });
      expect([status, stderr]).toEqual([3, expect.stringMatching(/^PRINT_FAILED: standard output: ENOSPC/u)]);
    } finally {
      closeSync(full);
    }
    expect(existsSync(join(sandbox.folder, "a.txt"))).toBe(true);
    expect((await sandbox.greenlight(["status"])).stdout).toMatch(/ {2}passed /u);
  },
);
