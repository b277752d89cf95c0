import { spawnSync } from "node:child_process";
import { readFile, symlink } from "node:fs/promises";
import { join } from "node:path";

import { afterEach, expect, test, vi } from "vitest";

import { tally, toolProject, type ToolProject } from "../testing/tool-rig.ts";
import { secretScan } from "./secret-scan.ts";

const isHeavy = process.env["GREENLIGHT_HEAVY"] === "1";
const GO = join(process.env["HOME"] ?? "", "go/bin");
const PATH = `${GO}:${process.env["PATH"] ?? ""}`;
const hasGitleaks = spawnSync("gitleaks", ["--help"], { env: { PATH } }).status === 0;
const without = `${hasGitleaks ? "" : " (skipped: no gitleaks)"}${isHeavy ? "" : " (at full length only)"}`;
// Put together here, so that a scan of this repository does not find it.
const SECRET = ["ghp", "wWPw5k4aXcaT4fNP0UcnZwJUVFk6LO0pINUx"].join("_");
const ODD = "a b/it's $HOME/한글.py";
let project: ToolProject;
vi.setConfig({ testTimeout: 120_000 });

afterEach(() => project.remove());

test.skipIf(!hasGitleaks || !isHeavy)(
  `gitleaks: each secret in its file and line, and none in its report${without}`,
  async () => {
    project = await toolProject({ [ODD]: `x = 1\nkey = "${SECRET}"\n`, "ok.py": "x = 1\n" });
    const step = secretScan({ tool: "gitleaks" });
    const run = await project.run(step, { PATH });
    expect(run).toMatchObject({ exitCode: 3, problems: [] });
    expect(tally(run.findings)).toEqual({ [`${ODD} github-pat`]: 1 });
    expect(run.findings[0]).toMatchObject({ level: "error", line: 2 });
    const report = await readFile(join(project.folder, "out/reports/gitleaks-report.json"), "utf8");
    expect(report + run.log + JSON.stringify(run.evidence)).not.toContain(SECRET.slice(4));
    await project.write({ [ODD]: "x = 1\n" });
    expect(await project.run(step, { PATH })).toMatchObject({ exitCode: 0, findings: [], problems: [] });
  },
);

test.skipIf(!hasGitleaks || !isHeavy)(
  `gitleaks: a broken configuration and a missing repository are no clean scans${without}`,
  async () => {
    project = await toolProject({ "bad.toml": "[[rules" });
    const broken = await project.run(secretScan({ tool: "gitleaks", config: "bad.toml" }), { PATH });
    expect(broken).toMatchObject({ exitCode: 1, evidence: [] });
    const none = await project.run(secretScan({ tool: "gitleaks", history: true }), {
      PATH,
      GIT_CEILING_DIRECTORIES: "/",
    });
    expect(none).toMatchObject({ exitCode: 128, evidence: [] });
  },
);

test.skipIf(!isHeavy)(
  `secretlint: each secret in its file and line, and none in its report${isHeavy ? "" : " (at full length only)"}`,
  async () => {
    const root = join(import.meta.dirname, "../../../../node_modules");
    project = await toolProject({
      [ODD]: `x = 1\nkey = "${SECRET}"\n`,
      ".secretlintrc.json": '{ "rules": [{ "id": "@secretlint/secretlint-rule-preset-recommend" }] }',
    });
    await symlink(root, join(project.folder, "node_modules"));
    const run = await project.run(secretScan());
    // Called with `--output`, it ends with 0 whatever it finds; its report decides.
    expect(run.problems).toEqual([]);
    expect(run.findings).toMatchObject([{ file: ODD, line: 2, level: "error" }]);
    const report = await readFile(join(project.folder, "out/reports/secretlint-report.json"), "utf8");
    expect(report).not.toContain(SECRET.slice(4));
    await project.write({ ".secretlintrc.json": "{bad" });
    const broken = await project.run(secretScan());
    expect(broken).toMatchObject({ exitCode: 2, evidence: [] });
  },
);

test("a scan of the commits is never taken from cache", async () => {
  project = await toolProject({});
  expect(secretScan({ tool: "gitleaks", history: true }).inputs).toBeNull();
  expect(secretScan({ tool: "gitleaks" }).inputs).toContain("**/*");
});
