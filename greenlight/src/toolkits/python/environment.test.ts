import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { logPath } from "../../engine/steps/log-path.ts";
import { Rig } from "../../engine/testing/rig.ts";
import type { EnvironmentOptions } from "./environment.ts";
import { python } from "./index.ts";
import { LACK, TOOLS } from "./testing/python-tools.ts";

const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] === "1";
const PROJECT = '[project]\nname = "films"\nversion = "1.0.0"\nrequires-python = ">=3.9"\ndependencies = []\n';
const NOWHERE = {
  PIP_INDEX_URL: "http://127.0.0.1:1/simple",
  PIP_RETRIES: "1",
  UV_DEFAULT_INDEX: "http://127.0.0.1:1/simple",
};

let rig: Rig;
let runs = 0;

beforeEach(() => {
  rig = new Rig();
});

afterEach(() => {
  rig.dispose();
});

async function make(options: EnvironmentOptions, variables: Readonly<Record<string, string>> = {}) {
  const path = `${join(TOOLS, "bin")}:${process.env["PATH"] ?? ""}`;
  runs += 1;
  const runId = `made-${runs}`;
  const run = await rig.run(
    { build: [python.environment(options)] },
    { runId, variables: { PATH: path, ...variables } },
  );
  const name = options.folder === undefined ? "python environment" : `python environment (${options.folder})`;
  return { found: run.step(name), log: readFileSync(logPath(join(rig.folder, ".greenlight"), runId, name), "utf8") };
}

describe("an environment of Python", () => {
  test("is not made where its manager is missing", async () => {
    const run = await rig.run({ build: [python.environment({ with: "poetry" })] }, { variables: { PATH: "/nowhere" } });
    expect(run.step("python environment").problems).toMatchObject([{ code: "TOOL_MISSING" }]);
  });
});

describe.skipIf(!IS_HEAVY)("made by pip", { timeout: 300_000 }, () => {
  test("it lies in the project, and is left alone until its files change or it is gone", async () => {
    rig.write("app/requirements.txt", "");
    const options = { with: "pip", folder: "app" } as const;
    expect((await make(options)).found.outcome).toBe("passed");
    expect(existsSync(join(rig.folder, "app/.venv/bin/python"))).toBe(true);
    expect((await make(options)).log).toContain("already so");
    rig.write("app/requirements.txt", "# nothing yet\n");
    expect((await make(options)).log).not.toContain("already so");
    expect((await make(options)).log).toContain("already so");
    rig.write("app/requirements-dev.txt", "");
    expect((await make(options)).log).not.toContain("already so");
    rig.write("app/locks/all.in", "");
    const elsewhere = { ...options, requirements: ["locks/all.in"] };
    expect((await make(elsewhere)).log).not.toContain("already so");
    expect((await make(elsewhere)).log).toContain("already so");
    rig.write("app/locks/all.in", "# changed\n");
    expect((await make(elsewhere)).log).not.toContain("already so");
  });

  test("an index that can't be reached is said so, and nothing is taken for made", async () => {
    rig.write("requirements.txt", "jinja2==3.1.6\n");
    const { found } = await make({ with: "pip" }, NOWHERE);
    expect(found.problems).toMatchObject([{ code: "COMMAND_FAILED" }]);
    expect(found.problems[0]?.message).toContain("the package index can not be reached");
    expect(existsSync(join(rig.folder, ".venv/.greenlight-made"))).toBe(false);
  });
});

describe.skipIf(!IS_HEAVY || LACK !== null)(
  `made by uv${LACK === null ? "" : ` (${LACK})`}`,
  { timeout: 300_000 },
  () => {
    test("it follows the lock, and an outdated one is refused", async () => {
      rig.write("pyproject.toml", PROJECT);
      mkdirSync(join(rig.folder, "films"));
      execFileSync(join(TOOLS, "bin/uv"), ["lock", "--offline", "--quiet"], { cwd: rig.folder });
      expect((await make({ with: "uv" })).found.outcome).toBe("passed");
      expect(existsSync(join(rig.folder, ".venv/bin/python"))).toBe(true);
      rig.write("pyproject.toml", PROJECT.replace("[]", '["jinja2==3.1.6"]'));
      const { found } = await make({ with: "uv" }, NOWHERE);
      expect(found.outcome).toBe("failed");
      expect(found.problems[0]?.message).toContain("the package index can not be reached");
    });
  },
);
