import { execFileSync } from "node:child_process";
import { mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterAll, beforeAll, expect, test } from "vitest";

import { readTrigger } from "./read-checkout.ts";

const folder = realpathSync(mkdtempSync(join(tmpdir(), "greenlight-checkout-")));
let commit = "";

function git(...args: readonly string[]): string {
  const identity = ["-c", "user.name=kim", "-c", "user.email=kim@example.com"];
  return execFileSync("git", [...identity, ...args], { cwd: folder, encoding: "utf8" }).trim();
}

beforeAll(() => {
  git("init", "--quiet", "--initial-branch", "feature");
  writeFileSync(join(folder, "a"), "a");
  git("add", "a");
  git("commit", "--quiet", "--message", "one");
  commit = git("rev-parse", "HEAD");
});

afterAll(() => rmSync(folder, { recursive: true, force: true }));

const GITHUB = { GITHUB_ACTIONS: "true", GITHUB_WORKSPACE: folder, GITHUB_ACTOR: "lee", GITHUB_SHA: "f".repeat(40) };

test("on a person's machine a run is started by hand, on the branch that is checked out", async () => {
  expect(await readTrigger(folder, { USER: "kim" })).toEqual({
    kind: "manual",
    branch: "feature",
    commit,
    isDirty: false,
    who: "kim",
  });
});

test.each([
  ["push", { GITHUB_EVENT_NAME: "push", GITHUB_REF_NAME: "main", GITHUB_REF_TYPE: "branch" }, "push", "main"],
  [
    "pull request",
    { GITHUB_EVENT_NAME: "pull_request", GITHUB_REF_NAME: "7/merge", GITHUB_HEAD_REF: "fix", GITHUB_BASE_REF: "main" },
    "pull-request",
    "fix",
  ],
  ["schedule", { GITHUB_EVENT_NAME: "schedule", GITHUB_REF_NAME: "main", GITHUB_HEAD_REF: "" }, "schedule", "main"],
  ["start by hand", { GITHUB_EVENT_NAME: "workflow_dispatch", GITHUB_REF_NAME: "main" }, "manual", "main"],
  ["tag", { GITHUB_EVENT_NAME: "push", GITHUB_REF_NAME: "main", GITHUB_REF_TYPE: "tag" }, "push", null],
])("GitHub's %s is told as such", async (_name, env, kind, branch) => {
  // The commit is that of the files, whatever the event says.
  expect(await readTrigger(folder, { ...GITHUB, ...env })).toEqual({
    kind,
    branch,
    commit,
    isDirty: false,
    who: "lee",
  });
});

test("a folder outside the workspace of a job was not started by its event", async () => {
  const env = {
    ...GITHUB,
    GITHUB_WORKSPACE: join(folder, "elsewhere"),
    GITHUB_EVENT_NAME: "push",
    GITHUB_REF_NAME: "main",
  };
  expect(await readTrigger(folder, env)).toMatchObject({ kind: "manual", branch: "feature" });
});
