import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { Sandbox } from "./testing/sandbox.ts";

const IS_HEAVY = process.env["GREENLIGHT_HEAVY"] === "1";
const [OWN = ""] = process.versions.node.split(".");
const PLATFORM = `node-${process.platform}-${process.arch}`;

let sandbox: Sandbox;

beforeEach(() => {
  sandbox = new Sandbox();
});
afterEach(() => sandbox.dispose());

/** A project that tells the version of Node on which its step runs, for each of several. */
function project(versions: readonly string[]): void {
  sandbox.write(
    "greenlight.config.ts",
    `import { defineProject, pipeline, step } from "greenlight";
     import { onVersions } from "greenlight/toolkits";
     const tell = step("tell", { run: "mkdir -p out && node -p process.versions.node > out/version.txt", outputs: { version: "out/version.txt" } });
     const stages = { test: [onVersions(tell, { runtime: "node", versions: ${JSON.stringify(versions)} })] };
     export default defineProject({ name: "words", pipelines: { delivery: pipeline({ stages }) } });`,
  );
}

test("the built product finds the version of Node that it runs on, and tells one that is nowhere", async () => {
  project([OWN, "4"]);
  const { stdout } = await sandbox.greenlight(["run"]);
  expect(sandbox.read(`out/node-${OWN}/version.txt`).trim()).toBe(process.versions.node);
  expect(stdout).toContain("RUNTIME_MISSING: tell (4): not run: Node 4 is not on this machine");
});

describe.runIf(IS_HEAVY)("versions of Node that are packages of the project", { timeout: 600_000 }, () => {
  test("are those on which its steps run", async () => {
    const versions = ["22", "24"];
    project(versions);
    const packages = versions.map((version) => `node${version}@npm:${PLATFORM}@${version}`);
    sandbox.write("package.json", JSON.stringify({ name: "words", version: "1.0.0", private: true }));
    const quiet = ["--ignore-scripts", "--no-audit", "--no-fund", "--no-save", "--prefix", "versions"];
    // Not where the sandbox has its link to Greenlight, which npm would remove.
    await promisify(execFile)("npm", ["install", ...quiet, ...packages], { cwd: sandbox.folder });
    for (const version of versions) {
      const from = join(sandbox.folder, `versions/node_modules/node${version}`);
      await promisify(execFile)("mv", [from, join(sandbox.folder, `node_modules/node${version}`)]);
    }
    rmSync(join(sandbox.folder, "versions"), { recursive: true });
    const { status, stdout } = await sandbox.greenlight(["run"]);
    expect(status === 0 ? "" : stdout).toBe("");
    const told = versions.map((version) => sandbox.read(`out/node-${version}/version.txt`).split(".")[0]);
    expect(told).toEqual(versions);
  });
});
