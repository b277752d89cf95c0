import { chmodSync, mkdirSync, rmSync, symlinkSync } from "node:fs";
import { dirname, join } from "node:path";

import { afterEach, beforeEach, describe, expect, it } from "vitest";

import { step } from "../../pipeline/define.ts";
import type { RuntimeRequest } from "../../pipeline/runtime-definition.ts";
import { Rig } from "../testing/rig.ts";
import { findRuntime } from "./find-runtime.ts";

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
});

afterEach(() => {
  rig.dispose();
});

/** A program that says that it is Node of that version, for which the real ones are too big to be copied. */
function nodeOf(version: string, path: string): void {
  rig.write(path, `#!/bin/sh\nprintf '%s\\n' ${version} '${join(rig.folder, path)}'\n`);
  chmodSync(join(rig.folder, path), 0o755);
}

const find = (name: RuntimeRequest["name"], version: string, from: Readonly<Record<string, string>> = {}) =>
  findRuntime({
    name,
    version,
    projectFolder: join(rig.folder, "project"),
    toolFolder: ".",
    from: { HOME: rig.folder, ...from },
  });

describe("a runtime", () => {
  it("is found where version managers, the project and PATH have it, the newest of the version", async () => {
    nodeOf("7.3.0", ".nvm/versions/node/v7.3.0/bin/node");
    nodeOf("7.21.0", ".local/share/fnm/node-versions/v7.21.0/installation/bin/node");
    nodeOf("8.1.0", ".volta/tools/image/node/8.1.0/bin/node");
    nodeOf("9.0.1", "bin/node9");
    nodeOf("9.0.0", "project/node_modules/node9/bin/node");
    expect(await find("node", "7")).toMatchObject({ version: "7.21.0" });
    expect(await find("node", "7.3")).toMatchObject({ version: "7.3.0" });
    expect(await find("node", "8")).toMatchObject({ version: "8.1.0" });
    // The project's own goes before a newer one of the machine.
    expect(await find("node", "9", { PATH: join(rig.folder, "bin") })).toMatchObject({ version: "9.0.0" });
    expect(await find("node", "9.0.1", { PATH: join(rig.folder, "bin") })).toMatchObject({ version: "9.0.1" });
  });

  it("is found in the tool cache of a runner, where the actions that set versions up put them", async () => {
    nodeOf("6.2.0", `cache/node/6.2.0/${process.arch}/bin/node`);
    nodeOf("6.1.0", `other/node/6.1.0/${process.arch}/bin/node`);
    const [cache, other] = [join(rig.folder, "cache"), join(rig.folder, "other")];
    expect(await find("node", "6")).toBeNull();
    expect(await find("node", "6", { RUNNER_TOOL_CACHE: cache })).toMatchObject({ version: "6.2.0" });
    expect(await find("node", "6.1", { AGENT_TOOLSDIRECTORY: other })).toMatchObject({ version: "6.1.0" });
  });

  it("is not believed to be what a folder's name says, nor when it fails or says nothing", async () => {
    nodeOf("6.0.0", ".nvm/versions/node/v5.0.0/bin/node");
    rig.write(".nvm/versions/node/v5.1.0/bin/node", "#!/bin/sh\nexit 1\n");
    chmodSync(join(rig.folder, ".nvm/versions/node/v5.1.0/bin/node"), 0o755);
    rig.write(".nvm/versions/node/v5.2.0/bin/node", "no program");
    expect(await find("node", "5")).toBeNull();
  });

  it("of this process is found too", async () => {
    const [major = ""] = process.versions.node.split(".");
    expect(await find("node", major)).toMatchObject({ version: process.versions.node });
  });
});

const wanting = (runtime: RuntimeRequest) =>
  step("tests", {
    run: 'PATH="$GREENLIGHT_RUNTIME:$PATH"; node -p process.versions.node > version.txt',
    inputs: ["src/**"],
    outputs: { version: "version.txt" },
    runtime,
  });

describe("a step that wants a runtime", () => {
  const own = process.versions.node;
  const [major = ""] = own.split(".");
  it("runs with it, and its exact version is part of what the result depends on", async () => {
    const run = await rig.run({ test: [wanting({ name: "node", version: major })] });
    expect(run.step("tests").outcome).toBe("passed");
    expect(rig.read("version.txt").trim()).toBe(own);
    const again = await rig.run({ test: [wanting({ name: "node", version: major })] });
    expect(again.step("tests").isFromCache).toBe(true);
  });

  it("is told and warns when the machine does not have it, or fails when that is wanted", async () => {
    const warned = await rig.run({ test: [wanting({ name: "node", version: "4" })] });
    expect(warned.view.outcome).toBe("warned");
    expect(warned.step("tests")).toMatchObject({
      outcome: "warned",
      attempts: 0,
      problems: [{ code: "RUNTIME_MISSING" }],
    });
    expect(warned.step("tests").why).toMatch(/^not run: Node 4 is not on this machine; install it: nvm install 4/);
    const failed = await rig.run({ test: [wanting({ name: "node", version: "4", whenMissing: "fail" })] });
    expect(failed.step("tests").outcome).toBe("failed");
  });

  it("takes its version from the matrix: those that are there run, the others are told", async () => {
    const each = {
      ...wanting({ name: "node" }),
      matrix: { axes: { node: [major, "4"] }, include: [], exclude: [], failFast: false, maxParallel: 1 },
      outputs: {},
    };
    const run = await rig.run({ test: [each] });
    expect(run.step(`tests (${major})`).outcome).toBe("passed");
    expect(run.step("tests (4)").outcome).toBe("warned");
  });
});

describe("Python", () => {
  it("comes with its own tools: one that its environment lacks is not taken from another version", async () => {
    const program = join(rig.folder, "project/.venv-2.9/bin/python");
    mkdirSync(dirname(program), { recursive: true });
    rig.write("project/.venv-2.9/bin/python", `#!/bin/sh\nprintf '%s\\n' 2.9.1 "$0"\n`);
    chmodSync(program, 0o755);
    symlinkSync(program, join(rig.folder, "project/.venv-2.9/bin/python2.9"));
    expect(await find("python", "2.9")).toEqual({ version: "2.9.1", program });
  });

  it("wanted bare is the interpreter behind an environment, whatever the environment is called", async () => {
    pythonOf("2.8.1", "base/bin/python2.8", false);
    mkdirSync(join(rig.folder, "project/.venv-2.8/bin"), { recursive: true });
    pythonOf("2.8.1", "project/.venv-2.8/bin/python", true);
    const search = {
      name: "python",
      version: "2.8",
      projectFolder: join(rig.folder, "project"),
      toolFolder: ".",
    } as const;
    const from = { HOME: rig.folder, PATH: join(rig.folder, "base/bin") };
    const own = await findRuntime({ ...search, from });
    expect(own?.program).toBe(join(rig.folder, "project/.venv-2.8/bin/python"));
    const bare = await findRuntime({ ...search, from, isBare: true });
    expect(bare?.program).toBe(join(rig.folder, "base/bin/python2.8"));
  });

  it("made anew by a step is asked anew", async () => {
    pythonOf("2.6.1", "project/.venv-2.7/bin/python", true);
    expect(await find("python", "2.7")).toBeNull();
    rmSync(join(rig.folder, "project/.venv-2.7"), { recursive: true });
    pythonOf("2.7.3", "project/.venv-2.7/bin/python", true);
    expect(await find("python", "2.7")).toMatchObject({ version: "2.7.3" });
  });

  it("of a tool's own folder goes before the project's", async () => {
    pythonOf("2.5.1", "project/.venv-2.5/bin/python", true);
    pythonOf("2.5.0", "project/app/.venv-2.5/bin/python", true);
    const search = { name: "python", version: "2.5", projectFolder: join(rig.folder, "project"), from: {} } as const;
    expect(await findRuntime({ ...search, toolFolder: "app" })).toMatchObject({ version: "2.5.0" });
    expect(await findRuntime({ ...search, toolFolder: "." })).toMatchObject({ version: "2.5.1" });
  });
});

/** A program that says that it is Python of that version, in an environment or not. */
function pythonOf(version: string, path: string, isEnvironment: boolean): void {
  const answer = `printf '%s\\n' ${version} "$0" ${isEnvironment ? "True" : "False"}`;
  rig.write(path, `#!/bin/sh\n${answer}\n`);
  chmodSync(join(rig.folder, path), 0o755);
}
