import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { actionlint, findActionlint } from "../../greenlight/src/compilers/github-actions/testing/actionlint.ts";
import { ROOT } from "./testing/sandbox.ts";
import { WorkflowSandbox } from "./testing/workflow-sandbox.ts";

const WORKFLOW = ".github/workflows/ci-cd.yml";
const linter = findActionlint();

let sandbox: WorkflowSandbox;

beforeEach(() => {
  sandbox = new WorkflowSandbox();
});
afterEach(() => sandbox.dispose());

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
    sandbox.define('stages: { build: [step("a", { run: "true" })] }');
    sandbox.commit();
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
    sandbox.define(`stages: { test: [step("a", { run: "true", matrix: matrix({ n: ${many} }) })] }`);
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
