import { execFileSync, spawnSync } from "node:child_process";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  unlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { afterEach, beforeEach, describe, expect, onTestFailed, test } from "vitest";

import { mergeParts } from "../../greenlight/src/app/handover/merge-parts.ts";
import { parsePart } from "../../greenlight/src/app/handover/part-file.ts";
import { actionlint, findActionlint } from "../../greenlight/src/compilers/github-actions/testing/actionlint.ts";
import type { RunEvent } from "../../greenlight/src/engine/event.ts";
import { viewRun } from "../../greenlight/src/engine/run-view.ts";
import { runWorkflow, type RunnerOptions, type WorkflowRun } from "./testing/actions-runner.ts";
import { MoviesCopy } from "./testing/movies-copy.ts";
import { freePort, Sandbox } from "./testing/sandbox.ts";

const ROOT = join(import.meta.dirname, "../..");
const WORKFLOW = ".github/workflows/ci-cd.yml";
const linter = findActionlint();

let sandbox: Sandbox;
let scratch: string;

beforeEach(() => {
  sandbox = new Sandbox();
  scratch = realpathSync(mkdtempSync(join(tmpdir(), "greenlight-actions-")));
  sandbox.write("package-lock.json", JSON.stringify({ name: "sandbox", lockfileVersion: 3, packages: {} }));
  sandbox.write(".gitignore", "node_modules\nout\n");
});

afterEach(() => {
  sandbox.dispose();
  rmSync(scratch, { recursive: true, force: true });
});

function git(...args: readonly string[]): string {
  const identity = ["-c", "user.name=kim", "-c", "user.email=kim@example.com"];
  return execFileSync("git", [...identity, ...args], { cwd: sandbox.folder, encoding: "utf8" }).trim();
}

/** Everything in the sandbox as one commit; its id. */
function commit(): string {
  if (!existsSync(join(sandbox.folder, ".git"))) git("init", "--quiet", "--initial-branch", "main");
  git("add", "--all");
  git("commit", "--quiet", "--message", "all", "--allow-empty");
  return git("rev-parse", "HEAD");
}

function config(stages: string, more = ""): void {
  sandbox.write(
    "greenlight.config.ts",
    `import { defineProject, effectStep, matrix, onBranch, onEvent, pipeline, pullRequest, push, report, step } from "greenlight";
     export default defineProject({ name: "shop", ${more} pipelines: { delivery: pipeline({ on: [push("main"), pullRequest("main")], ${stages} }) } });`,
  );
}

/** Each of these takes a project through several clones. */
const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] === "1";

describe("the workflow of this repository", () => {
  test("is what its definition comes to", async () => {
    const checked = await sandbox.greenlight([
      "compile",
      "github-actions",
      "--check",
      "--project",
      join(ROOT, "movies"),
    ]);
    expect(checked).toMatchObject({ status: 0, stdout: `${WORKFLOW}: up to date\n` });
  });

  test.skipIf(linter === null)(`is valid${linter === null ? " (skipped: no actionlint)" : ""}`, () => {
    expect(actionlint(linter ?? "", [join(ROOT, WORKFLOW)])).toBe("");
  });
});

describe("greenlight compile", () => {
  beforeEach(() => {
    config('stages: { build: [step("a", { run: "true" })] }');
    commit();
  });

  test("writes once, then finds nothing to do, and tells the first line that differs", async () => {
    expect(await sandbox.greenlight(["compile", "github-actions", "--check"])).toMatchObject({
      status: 1,
      stderr: expect.stringContaining(`COMPILE_OUTDATED: ${WORKFLOW}: the file is missing`),
    });
    expect((await sandbox.greenlight(["compile", "github-actions"])).stdout).toBe(`${WORKFLOW}: written\n`);
    expect((await sandbox.greenlight(["compile", "github-actions"])).stdout).toBe(`${WORKFLOW}: unchanged\n`);
    sandbox.write(WORKFLOW, sandbox.read(WORKFLOW).replace("timeout-minutes: 25", "timeout-minutes: 5"));
    const { status, stderr } = await sandbox.greenlight(["compile", "github-actions", "--check"]);
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /ci-cd\.yml:\d+: differs from the definition\n +found: +timeout-minutes: 5\n +expected: timeout-minutes: 25\n +remedy: /u,
    );
    const json = await sandbox.greenlight(["compile", "github-actions", "--check", "--json"]);
    expect(JSON.parse(json.stdout)).toMatchObject({
      workflows: [{ path: WORKFLOW, state: "different" }],
      problems: [{ code: "COMPILE_OUTDATED" }],
    });
  });

  test("removes what no pipeline stands behind any more, and never a file of somebody else", async () => {
    await sandbox.greenlight(["compile", "github-actions"]);
    sandbox.write("greenlight.config.ts", sandbox.read("greenlight.config.ts").replace("delivery:", "nightly:"));
    expect((await sandbox.greenlight(["compile", "github-actions", "--check"])).stderr).toContain(
      "no pipeline stands behind this file",
    );
    expect((await sandbox.greenlight(["compile", "github-actions"])).stdout).toBe(
      `.github/workflows/nightly.yml: written\n${WORKFLOW}: removed\n`,
    );
    sandbox.write(".github/workflows/nightly.yml", "name: mine\n");
    expect(await sandbox.greenlight(["compile", "github-actions"])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("COMPILE_FOREIGN_FILE"),
    });
    expect(sandbox.read(".github/workflows/nightly.yml")).toBe("name: mine\n");
  });

  test.skipIf(linter === null)(
    `compiles every pipeline, whatever starts it, to a valid workflow${linter === null ? " (skipped: no actionlint)" : ""}`,
    async () => {
      sandbox.write(
        "greenlight.config.ts",
        `import { defineProject, onBranch, pipeline, pullRequest, push, report, schedule, step } from "greenlight";
         const build = step("build", { run: "true" });
         const stages = { build: [build], after: [step("after", { run: "true", needs: { build }, when: onBranch("main") })] };
         export default defineProject({ name: "shop", pipelines: {
           delivery: pipeline({ on: [push("main", "develop"), pullRequest("main")], stages, finally: [report()] }),
           nightly: pipeline({ on: [schedule("0 0 * * *"), schedule("30 12 * * 1-5")], concurrency: { group: "{pipeline}", whenBusy: "cancel-older" }, stages }),
           "pull-request": pipeline({ on: [pullRequest()], stages: { build: [build] } }),
           all: pipeline({ on: [push(), pullRequest("main"), schedule("15 4 * * 0")], stages }),
           "by-hand": pipeline({ stages: { build: [build] } }),
         } });`,
      );
      const written = await sandbox.greenlight(["compile", "github-actions"]);
      expect(written).toMatchObject({ status: 0 });
      const names = ["all", "by-hand", "ci-cd", "code-quality", "nightly"];
      expect(readdirSync(join(sandbox.folder, ".github/workflows")).toSorted()).toEqual(
        names.map((name) => `${name}.yml`),
      );
      const paths = names.map((name) => join(sandbox.folder, `.github/workflows/${name}.yml`));
      expect(actionlint(linter ?? "", paths)).toBe("");
      expect(sandbox.read(".github/workflows/nightly.yml")).toContain(
        "on:\n  schedule:\n    - cron: 0 0 * * *\n    - cron: 30 12 * * 1-5\n  workflow_dispatch: {}\n",
      );
      expect(sandbox.read(".github/workflows/nightly.yml")).toContain("run nightly --stage");
      expect(sandbox.read(".github/workflows/ci-cd.yml")).not.toContain("schedule");
      expect(await sandbox.greenlight(["compile", "github-actions", "--check"])).toMatchObject({ status: 0 });
    },
  );

  test("refuses a matrix of 257 jobs, and an engine that it does not know", async () => {
    const many = JSON.stringify(Array.from({ length: 257 }, (_each, index) => index));
    config(`stages: { test: [step("a", { run: "true", matrix: matrix({ n: ${many} }) })] }`);
    expect(await sandbox.greenlight(["compile", "github-actions"])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("COMPILE_MATRIX_TOO_LARGE"),
    });
    expect(existsSync(join(sandbox.folder, WORKFLOW))).toBe(false);
    expect(await sandbox.greenlight(["compile", "jenkins"])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("USAGE"),
    });
  });
});

async function compileHere(): Promise<void> {
  const { status, stderr } = await sandbox.greenlight(["compile", "github-actions"]);
  if (status !== 0) throw new Error(stderr);
}

function write(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, 0o755);
}

function ledger(): string {
  return join(scratch, "ledger");
}

function outcomesOf(events: readonly RunEvent[]): Record<string, string> {
  const view = viewRun(events);
  return Object.fromEntries(
    view?.stages.flatMap((stage) => stage.steps.map((each) => [each.name, each.outcome])) ?? [],
  );
}

function rows(): readonly string[] {
  return existsSync(ledger()) ? readFileSync(ledger(), "utf8").trim().split("\n") : [];
}

/** Step → outcome, as all parts together tell it. */
function merged(): Record<string, string> {
  const artifacts = join(scratch, "runner/artifacts");
  const parts = readdirSync(artifacts)
    .filter((name) => name.startsWith("greenlight-part-"))
    .flatMap((name) => readdirSync(join(artifacts, name)).map((part) => join(artifacts, name, part, "part.jsonl")))
    .map((path) => {
      const parsed = parsePart(readFileSync(path, "utf8"));
      if (!parsed.ok) throw new Error(parsed.error);
      return parsed.value;
    });
  const events = mergeParts(parts);
  if (!events.ok) throw new Error(JSON.stringify(events.error));
  expect(events.value.map((event) => event.sequence)).toEqual(events.value.map((_event, index) => index + 1));
  return outcomesOf(events.value);
}

/** Each step writes its name where all machines see it, so that a step that ran twice shows. */
const STAGES = `
  stages: (() => {
    const say = (name) => \`echo "\${name}" >> "$LEDGER"\`;
    const env = ["LEDGER", "FAIL"];
    const films = step("films", { run: \`\${say("films")} && mkdir -p out && cp films.txt out/films\`, inputs: ["films.txt"], outputs: { films: "out/films" }, env });
    const notes = step("notes", { run: \`\${say("notes")} && mkdir -p out && date +%N > out/notes\`, outputs: { notes: "out/notes" }, env });
    const unit = step("unit", {
      run: \`\${say("unit $MATRIX_NODE $MATRIX_OS")} && { test "$MATRIX_NODE" != "$FAIL" || test -e "$LEDGER.mended"; } && grep -q film out/films\`,
      needs: { films }, inputs: [], env,
      matrix: matrix({ node: [22, 24, "26"], os: ["linux"] }, { exclude: [{ node: 24 }], include: [{ node: "lts", os: "mac" }] }),
    });
    const lint = step("it's a lint", { run: say("lint"), inputs: [], env });
    const merge = step("merge", { run: \`\${say("merge")} && cat out/notes > out/merged\`, needs: { unit, notes }, inputs: [], outputs: { merged: "out/merged" }, env });
    const bundle = step("bundle", { run: \`\${say("bundle")} && cmp out/notes out/merged && test "$TOKEN" = hunter-22-token && cat out/films > out/bundle\`, secrets: ["TOKEN"], needs: { merge, films, notes }, inputs: [], outputs: { bundle: "out/bundle" }, env });
    const only = step("on pushes", { run: say("on pushes"), inputs: [], env, when: onEvent("push") });
    return {
      "데이터 $(id) \${{ github.actor }}": [films, notes],
      test: [unit, lint, merge],
      build: [bundle],
      publish: [only],
    };
  })(),
  finally: [report(), step("sweep", { run: 'echo sweep >> "$LEDGER"', env: ["LEDGER"] })],`;

const NPX = '#!/bin/sh\ntest "$1" = --no-install && shift && exec node_modules/.bin/"$@"\n';

/** GitHub keeps it under the name of the variable, and only the job of the step that names it gets it. */
const SECRETS = { TOKEN_DEV: "hunter-22-token" };

const ROWS = [
  "films",
  "notes",
  "unit 22 linux",
  "unit 26 linux",
  "unit lts mac",
  "lint",
  "merge",
  "bundle",
  "on pushes",
  "sweep",
];

describe("the jobs of a compiled workflow", () => {
  let sha: string;
  let bin: string;

  beforeEach(async () => {
    sandbox.write("films.txt", "a film\n");
    config(STAGES, 'secrets: { TOKEN: { from: "environment", variable: "TOKEN_DEV" } },');
    commit();
    await compileHere();
    sha = commit();
    bin = join(scratch, "bin");
    // `npm ci` brings the packages; here they are linked, because nothing is fetched in a test. `npx` does what it does with
    // `--no-install`, a second faster.
    write(join(bin, "npx"), NPX);
    write(
      join(bin, "npm"),
      `#!/bin/sh\ntest "$1" = ci && ln -sn "${join(sandbox.folder, "node_modules")}" node_modules\n`,
    );
    mkdirSync(join(sandbox.folder, "node_modules/.bin"), { recursive: true });
    write(
      join(sandbox.folder, "node_modules/.bin/greenlight"),
      `#!/bin/sh\nexec "${process.execPath}" "${join(ROOT, "greenlight/bin/greenlight.mjs")}" "$@"\n`,
    );
  });

  function options(more: Partial<RunnerOptions> = {}): RunnerOptions {
    const push = { event_name: "push", ref_name: "main", ref_type: "branch", head_ref: "" };
    return {
      origin: sandbox.folder,
      folder: join(scratch, "runner"),
      secrets: SECRETS,
      ...more,
      github: { actor: "lee", repository: "kim/shop", run_id: "77", sha, ...push, ...more.github },
      env: {
        PATH: `${bin}:${dirname(process.execPath)}:${process.env["PATH"] ?? ""}`,
        LEDGER: ledger(),
        FAIL: "none",
        ...more.env,
      },
    };
  }

  async function run(more: Partial<RunnerOptions> = {}): Promise<WorkflowRun> {
    const ran = await runWorkflow(sandbox.read(WORKFLOW), options(more));
    onTestFailed(() => console.log(told(ran.jobs)));
    return ran;
  }

  /** The same run on one machine, in a clone of its own and with a ledger of its own. */
  async function runHere(env: Readonly<Record<string, string>> = {}): Promise<Record<string, string>> {
    const { env: all } = options();
    const here = join(scratch, "here");
    const script = `git clone --quiet "${sandbox.folder}" "${here}" && cd "${here}" && npm ci && npx --no-install greenlight run --json --concurrency 1 || true`;
    const stdout = execFileSync("bash", ["-c", script], {
      encoding: "utf8",
      env: { ...all, ...SECRETS, HOME: scratch, USER: "lee", LEDGER: join(scratch, "ledger-here"), ...env },
    });
    return outcomesOf(
      stdout
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as RunEvent),
    );
  }

  test.skipIf(linter === null)(`are of a valid workflow${linter === null ? " (skipped: no actionlint)" : ""}`, () => {
    expect(actionlint(linter ?? "", [join(sandbox.folder, WORKFLOW)])).toBe("");
  });

  test.runIf(IS_HEAVY)("come to the same as one run on one machine, and no step runs twice", async () => {
    const { results } = await run({ github: { event_name: "workflow_dispatch" } });
    expect(results).toEqual({
      "id-github-actor": "success",
      "test-unit": "success",
      test: "success",
      "test-2": "success",
      build: "success",
      publish: "skipped",
      finally: "success",
    });
    expect([...rows()].toSorted()).toEqual(ROWS.filter((row) => row !== "on pushes").toSorted());
    expect(merged()).toEqual(await runHere());
  });

  test.runIf(IS_HEAVY)("leave out what is for pushes, for a pull request", async () => {
    const pull = await run({ github: { event_name: "pull_request", ref_name: "3/merge", head_ref: "fix" } });
    expect(pull.results).toMatchObject({ build: "success", publish: "skipped", finally: "success" });
    expect(merged()).not.toHaveProperty("on pushes");
  });

  test.runIf(IS_HEAVY)("stop behind a combination that fails, and still do what comes last", async () => {
    const { results, jobs } = await run({ github: { event_name: "workflow_dispatch" }, env: { FAIL: "22" } });
    expect(results).toEqual({
      "id-github-actor": "success",
      "test-unit": "failure",
      test: "success",
      "test-2": "skipped",
      build: "skipped",
      publish: "skipped",
      finally: "success",
    });
    expect([...rows()].toSorted()).toEqual(["films", "lint", "notes", "sweep", "unit 22 linux"]);
    expect(merged()).toEqual(await runHere({ FAIL: "22" }));
    const last = jobs.find((each) => each.job === "finally");
    expect(existsSync(join(last?.workspace ?? "", ".greenlight/reports/ci-77/report.html"))).toBe(true);
    expect(existsSync(join(scratch, "runner/artifacts/greenlight-report-1/ci-77/report.html"))).toBe(true);
  });

  test.runIf(IS_HEAVY)("that failed can be repeated, and go on with the same run", async () => {
    const env = { FAIL: "22" };
    expect((await run({ env })).results).toMatchObject({
      "test-unit": "failure",
      "test-2": "skipped",
      finally: "success",
    });
    writeFileSync(`${ledger()}.mended`, "");
    // What GitHub calls "re-run failed jobs": those that failed, and all that wait for them.
    const kept = { "id-github-actor": "success", test: "success" } as const;
    const { results } = await run({ env, attempt: 2, kept });
    expect(Object.values(results)).toEqual(Array(7).fill("success"));
    expect(new Set(Object.values(merged()))).toEqual(new Set(["passed"]));
    const twice = ["unit 22 linux", "sweep"];
    expect([...rows()].toSorted()).toEqual([...ROWS, ...twice].toSorted());
  });

  test.runIf(IS_HEAVY)("refuse to go on without what an earlier job left", async () => {
    const { results, jobs } = await run({
      beforeJob: (job, artifacts) => {
        if (job === "build") rmSync(join(artifacts, "greenlight-part-test-2-0-1"), { recursive: true });
      },
    });
    expect(results).toMatchObject({ "test-2": "success", build: "failure", publish: "skipped" });
    expect(jobs.find((each) => each.job === "build")?.output).toContain('HANDOVER_INCOMPLETE: stage build: "merge"');
    expect(rows()).not.toContain("bundle");
    // What came last tells that nobody knows what became of the step, and does not call it passed.
    expect(results["finally"]).toBe("failure");
    expect(merged()).toMatchObject({ merge: "errored", bundle: "skipped" });
  });

  test.runIf(IS_HEAVY)("refuse what is torn", async () => {
    const { results, jobs } = await run({
      beforeJob: (job, artifacts) => {
        if (job !== "build") return;
        const blobs = join(artifacts, "greenlight-part-id-github-actor-0-1/id-github-actor-0-1/blobs");
        const [first = ""] = readdirSync(blobs);
        const [file = ""] = readdirSync(join(blobs, first));
        unlinkSync(join(blobs, first, file));
      },
    });
    expect(results["build"]).toBe("failure");
    expect(jobs.find((each) => each.job === "build")?.output).toContain(
      "HANDOVER_INCOMPLETE: part id-github-actor-0-1: the file",
    );
    expect(results["finally"]).toBe("failure");
  });
});

describe("the delivery of movies", () => {
  test.skipIf(!IS_HEAVY)(
    `goes to staging as a workflow, each stage in a clone of its own${IS_HEAVY ? "" : " (skipped: not the heavy run)"}`,
    { timeout: 900_000 },
    async () => {
      const movies = await MoviesCopy.create();
      const origin = join(movies.folder, "..");
      const run = (...args: readonly string[]): string =>
        execFileSync("git", args, { cwd: origin, encoding: "utf8" }).trim();
      const workspaces: string[] = [];
      try {
        run("init", "--quiet", "--initial-branch", "develop");
        expect(await movies.greenlight("compile", "github-actions")).toMatchObject({ status: 0 });
        // The linked packages are no part of the repository.
        run("add", "--all", "--", ".", ":!node_modules");
        run("-c", "user.name=kim", "-c", "user.email=kim@example.com", "commit", "--quiet", "--message", "all");
        const bin = join(scratch, "bin");
        write(join(bin, "npx"), NPX);
        // Here Greenlight itself is a workspace, so `npm run build` brings it.
        write(
          join(bin, "npm"),
          `#!/bin/sh\ntest "$1 $2" = "run build" && ln -sn "${join(ROOT, "node_modules")}" node_modules\n`,
        );
        const { results, jobs } = await runWorkflow(readFileSync(join(origin, WORKFLOW), "utf8"), {
          origin,
          folder: join(scratch, "runner"),
          github: {
            event_name: "push",
            ref_name: "develop",
            ref_type: "branch",
            head_ref: "",
            actor: "lee",
            repository: "kim/movies",
            run_id: "9",
            sha: run("rev-parse", "HEAD"),
          },
          env: {
            PATH: `${bin}:${process.env["PATH"] ?? ""}`,
            STAGING_PORT: String(await freePort()),
            PRODUCTION_PORT: String(movies.productionPort),
          },
        });
        onTestFailed(() => console.log(told(jobs)));
        workspaces.push(...jobs.map((each) => each.workspace));
        expect(results).toEqual({
          quality: "success",
          test: "success",
          build: "success",
          "deploy-after": "success",
          "deploy-after-production": "skipped",
          finally: "success",
        });
        const report = readFileSync(join(scratch, "runner/artifacts/greenlight-report-1/ci-9/report.md"), "utf8");
        expect(report).toContain("staging");
      } finally {
        // A runner's processes end with its job; here they are ended one by one.
        for (const workspace of workspaces) {
          const args = [join(ROOT, "greenlight/bin/greenlight.mjs"), "down", "--project", join(workspace, "movies")];
          spawnSync(process.execPath, args, { timeout: 60_000 });
        }
        await movies.dispose();
      }
    },
  );
});

describe("a matrix that excludes everything", () => {
  test("is said, and does not pass", async () => {
    config(
      'stages: { test: [step("none", { run: "true", inputs: [], matrix: matrix({ n: [1] }, { exclude: [{ n: 1 }] }) }), step("b", { run: "true" })] }',
    );
    const { status, stdout } = await sandbox.greenlight(["run", "--stage", "test"]);
    expect(status).toBe(1);
    expect(stdout).toContain("MATRIX_EMPTY");
  });
});

describe("a part of a run on one machine", () => {
  beforeEach(() => {
    config(`stages: {
      one: [step("a", { run: "cat in.txt", inputs: ["in.txt"] })],
      two: [step("b", { run: "true", inputs: [] })],
    }`);
    sandbox.write("in.txt", "film\n");
  });

  test("goes on with the run that is named, and not without what comes before", async () => {
    expect(await sandbox.greenlight(["run", "--stage", "two"])).toMatchObject({
      status: 3,
      stderr: expect.stringContaining('HANDOVER_INCOMPLETE: stage two: "a"'),
    });
    expect((await sandbox.greenlight(["run", "--stage", "one", "--run", "r1"])).status).toBe(0);
    expect((await sandbox.greenlight(["run", "--stage", "two", "--run", "r1"])).status).toBe(0);
    const { runs } = JSON.parse((await sandbox.greenlight(["status", "--json"])).stdout) as {
      runs: { id: string; outcome: string }[];
    };
    expect(runs).toMatchObject([{ id: "r1", outcome: "passed" }]);
  });

  test("does not go on from what is no longer so", async () => {
    await sandbox.greenlight(["run", "--stage", "one", "--run", "r1"]);
    sandbox.write("in.txt", "another film\n");
    expect(await sandbox.greenlight(["run", "--stage", "two", "--run", "r1"])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining("SOURCE_CHANGED"),
    });
  });

  test.each([
    ["an unknown stage", ["--stage", "three"], "STAGE_UNKNOWN"],
    ["a run without a stage", ["--run", "r1"], "USAGE"],
    ["a run's name that leads elsewhere", ["--stage", "one", "--run", "../r"], "USAGE"],
  ])("refuses %s", async (_name, args, code) => {
    expect(await sandbox.greenlight(["run", ...args])).toMatchObject({
      status: 2,
      stderr: expect.stringContaining(code),
    });
  });
});

function told(jobs: WorkflowRun["jobs"]): string {
  return jobs.map((each) => `── ${each.job} ${JSON.stringify(each.matrix)}\n${each.output}`).join("\n");
}
