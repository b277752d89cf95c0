import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, onTestFailed, test } from "vitest";

import { runWorkflow } from "./testing/actions-runner.ts";
import { ProjectCopy } from "./testing/project-copy.ts";
import { tellJobs, writeRunnerTools } from "./testing/runner-tools.ts";
import { freePort, GREENLIGHT, ROOT } from "./testing/sandbox.ts";

const WORKFLOW = ".github/workflows/ci-cd.yml";
/** It takes the real project through several clones. */
const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] === "1";

let scratch: string;

beforeEach(() => {
  scratch = realpathSync(mkdtempSync(join(tmpdir(), "greenlight-actions-")));
});
afterEach(() => rmSync(scratch, { recursive: true, force: true }));

describe("the delivery of movies", () => {
  test.skipIf(!IS_HEAVY)(
    `goes to staging as a workflow, each stage in a clone of its own${IS_HEAVY ? "" : " (skipped: not the heavy run)"}`,
    { timeout: 900_000 },
    async () => {
      const movies = await ProjectCopy.of("movies");
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
        // Here Greenlight itself is a workspace, so `npm run build` brings it. Whatever else is asked of npm is its own work.
        const npm = execFileSync("/bin/sh", ["-c", "command -v npm"], { encoding: "utf8" }).trim();
        const build = `ln -sn "${join(ROOT, "node_modules")}" node_modules`;
        writeRunnerTools(bin, `case "$1" in audit) exec "${npm}" "$@" ;; run) ${build} ;; esac`);
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
        onTestFailed(() => console.log(tellJobs(jobs)));
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
          const args = [GREENLIGHT, "down", "--project", join(workspace, "movies")];
          spawnSync(process.execPath, args, { timeout: 60_000 });
        }
        await movies.dispose();
      }
    },
  );
});
