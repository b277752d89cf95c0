import { execFileSync } from "node:child_process";
import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { afterAll, beforeAll, describe, expect, onTestFailed, test } from "vitest";

import { mergeParts } from "../../greenlight/src/app/handover/merge-parts.ts";
import { parsePart } from "../../greenlight/src/app/handover/part-file.ts";
import { viewRun } from "../../greenlight/src/engine/run-view.ts";
import { noteOf, presentPythons } from "../../greenlight/src/toolkits/python/testing/present-pythons.ts";
import { runWorkflow } from "./testing/actions-runner.ts";
import { Sandbox } from "./testing/sandbox.ts";

const ROOT = join(import.meta.dirname, "../..");
const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] === "1";
/** Two that are really here, by version. */
const PYTHONS = IS_HEAVY ? await presentPythons(2) : new Map<string, never>();
const HERE = [...PYTHONS.keys()].toSorted();
const NOTE = IS_HEAVY ? noteOf(PYTHONS) : "";
const ABSENT = "3.99";

describe.runIf(HERE.length > 0)(`the compiled jobs of a Python project${NOTE}`, { timeout: 600_000 }, () => {
  let sandbox: Sandbox;
  let scratch: string;

  beforeAll(() => {
    sandbox = new Sandbox();
    scratch = realpathSync(mkdtempSync(join(tmpdir(), "greenlight-python-jobs-")));
    sandbox.write("package-lock.json", JSON.stringify({ name: "sandbox", lockfileVersion: 3, packages: {} }));
    sandbox.write(".gitignore", "node_modules\nout\n.venv*\n");
    sandbox.write("requirements.txt", "");
    sandbox.write(
      "greenlight.config.ts",
      `import { defineProject, pipeline, push, report, step } from "greenlight";
       import { onVersions, python } from "greenlight/toolkits";
       const versions = ${JSON.stringify([...HERE, ABSENT])};
       const environment = python.environment({ with: "pip", versions });
       const plain = python.environment({ with: "pip", name: "plain environment" });
       const check = (name, run, needs) => step(name, { run, needs, outputs: { told: "out/" + name + ".txt" } });
       const tests = onVersions(check("tests", "python -c 'import sys; print(sys.prefix)' > out/tests.txt", { environment }), { runtime: "python", versions });
       const build = check("build", "mkdir -p out && cat out/python-*/tests.txt > out/build.txt && .venv/bin/python -c 'import pip'", { tests, plain });
       export default defineProject({ name: "films", pipelines: { delivery: pipeline({ on: [push("main")],
         stages: { quality: [environment, plain], test: [tests], build: [build] }, finally: [report()] }) } });`,
    );
  });

  afterAll(() => {
    sandbox.dispose();
    rmSync(scratch, { recursive: true, force: true });
  });

  function git(...args: readonly string[]): string {
    const who = ["-c", "user.name=kim", "-c", "user.email=kim@example.com"];
    return execFileSync("git", [...who, ...args], { cwd: sandbox.folder, encoding: "utf8" }).trim();
  }

  function commit(): string {
    git("init", "--quiet", "--initial-branch", "main");
    git("add", "--all");
    git("commit", "--quiet", "--message", "all", "--allow-empty");
    return git("rev-parse", "HEAD");
  }

  /** Step → outcome, as the parts of all jobs together tell it. */
  function merged(): Record<string, string> {
    const artifacts = join(scratch, "runner/artifacts");
    const names = readdirSync(artifacts).filter((name) => name.startsWith("greenlight-part-"));
    const parts = names.flatMap((name) =>
      readdirSync(join(artifacts, name)).map((part) => {
        const parsed = parsePart(readFileSync(join(artifacts, name, part, "part.jsonl"), "utf8"));
        if (!parsed.ok) throw new Error(parsed.error);
        return parsed.value;
      }),
    );
    const events = mergeParts(parts);
    if (!events.ok) throw new Error(JSON.stringify(events.error));
    const steps = viewRun(events.value)?.stages.flatMap((stage) => stage.steps) ?? [];
    return Object.fromEntries(steps.map((each) => [each.name, each.outcome]));
  }

  test("make the environment of their version on their own machine, and tell a version that can't be had", async () => {
    const compiled = await sandbox.greenlight(["compile", "github-actions"]);
    expect([compiled.status, compiled.stderr]).toEqual([0, ""]);
    const sha = commit();
    const bin = join(scratch, "bin");
    program(join(bin, "npx"), '#!/bin/sh\nshift && exec node_modules/.bin/"$@"\n');
    program(join(bin, "npm"), `#!/bin/sh\nln -sn "${join(sandbox.folder, "node_modules")}" node_modules\n`);
    program(
      join(sandbox.folder, "node_modules/.bin/greenlight"),
      `#!/bin/sh\nexec "${process.execPath}" "${join(ROOT, "greenlight/bin/greenlight.mjs")}" "$@"\n`,
    );
    const ran = await runWorkflow(sandbox.read(".github/workflows/ci-cd.yml"), {
      origin: sandbox.folder,
      folder: join(scratch, "runner"),
      github: {
        actor: "lee",
        repository: "kim/films",
        run_id: "7",
        sha,
        event_name: "push",
        ref_name: "main",
        ref_type: "branch",
        head_ref: "",
      },
      // Nothing but what the jobs set up, and the system's own.
      env: { PATH: `${bin}:${dirname(process.execPath)}:/usr/bin:/bin` },
      pythons: Object.fromEntries(PYTHONS),
    });
    onTestFailed(() =>
      console.log(
        ran.jobs.map((job) => `${job.job} ${JSON.stringify(job.matrix)} ${job.result}\n${job.output}`).join("\n"),
      ),
    );
    expect(new Set(Object.values(ran.results))).toEqual(new Set(["success"]));
    const passed = [
      "plain environment",
      "build",
      "report",
      ...HERE.flatMap((each) => [`python environment (${each})`, `tests (${each})`]),
    ];
    expect(merged()).toEqual({
      ...Object.fromEntries(passed.map((name) => [name, "passed"])),
      [`python environment (${ABSENT})`]: "warned",
      [`tests (${ABSENT})`]: "warned",
    });
    const jobs = ran.jobs.filter((job) => job.job === "test-tests");
    // Each job made what its own version needs, and nothing of the others.
    expect(jobs.map((job) => readdirSync(job.workspace).filter((name) => name.startsWith(".venv")))).toEqual([
      ...HERE.map((each) => [`.venv-${each}`]),
      [],
    ]);
    const built = ran.jobs.find((job) => job.job === "build");
    const told = readFileSync(join(built?.workspace ?? "", "out/build.txt"), "utf8")
      .trim()
      .split("\n");
    expect(told.map((path) => path.split("/").at(-1))).toEqual(HERE.map((each) => `.venv-${each}`));
  });
});

function program(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  chmodSync(path, 0o755);
}
