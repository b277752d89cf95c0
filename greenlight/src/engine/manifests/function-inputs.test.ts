import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { functionStep } from "../../pipeline/define.ts";
import type { StepView } from "../run-view.ts";
import { Rig } from "../testing/rig.ts";

let rig: Rig;

beforeEach(() => {
  rig = new Rig();
  rig.write("package.json", JSON.stringify({ name: "shop", type: "module", dependencies: { dep: "1" } }));
  install("dep", "1.0.0", { deep: "1" });
  install("deep", "1.0.0");
  lock({ deep: "1.0.0" });
  rig.write("make.mjs", 'import { dep } from "dep"; export async function make() { return dep && {}; }');
});

afterEach(() => {
  rig.dispose();
});

function install(name: string, version: string, dependencies = {}): void {
  const manifest = { name, version, type: "module", main: "index.mjs", dependencies };
  rig.write(`node_modules/${name}/package.json`, JSON.stringify(manifest));
  rig.write(`node_modules/${name}/index.mjs`, `export const ${name} = 1;`);
}

function lock(options: { readonly deep: string; readonly more?: Record<string, unknown> }): void {
  const packages = {
    "": { dependencies: { dep: "1" } },
    "node_modules/dep": { version: "1.0.0", integrity: "sha512-dep", dependencies: { deep: "1" } },
    "node_modules/deep": { version: options.deep, integrity: `sha512-${options.deep}` },
    ...options.more,
  };
  rig.write("package-lock.json", JSON.stringify({ lockfileVersion: 3, packages }));
}

async function run(): Promise<StepView> {
  return (await rig.run({ one: [functionStep("make", { module: "./make.mjs", export: "make" })] })).step("make");
}

describe("what a function step's packages are", () => {
  test("counts with what they need in turn, and the package is named", async () => {
    expect(await run()).toMatchObject({ outcome: "passed", isFromCache: false });
    expect((await run()).isFromCache).toBe(true);
    lock({ deep: "1.0.1" });
    expect((await run()).why).toBe("ran: package deep changed");
  });

  test("counts as it is installed, also when the lock says something else", async () => {
    await run();
    install("dep", "1.0.9");
    expect((await run()).why).toBe("ran: package dep changed");
  });

  test("counts by what it holds when it is a link into the repository", async () => {
    rig.write("shared/package.json", JSON.stringify({ name: "shared", version: "1.0.0", main: "index.mjs" }));
    rig.write("shared/index.mjs", "export const shared = 1;");
    symlinkSync("../shared", join(rig.folder, "node_modules/shared"));
    lock({
      deep: "1.0.0",
      more: { "node_modules/shared": { resolved: "shared", link: true }, shared: { version: "1.0.0" } },
    });
    rig.write("make.mjs", 'import { shared } from "shared"; export async function make() { return shared && {}; }');
    await run();
    expect((await run()).isFromCache).toBe(true);
    rig.write("shared/index.mjs", "export const shared = 2;");
    expect((await run()).why).toBe("ran: package shared changed");
  });

  test("can't be known without a lock, and then nothing is cached", async () => {
    rmSync(join(rig.folder, "package-lock.json"));
    expect((await run()).why).toContain("not cached: there is no package-lock.json");
    expect((await run()).isFromCache).toBe(false);
  });

  test("can't be known for its own package by name, and then nothing is cached", async () => {
    const manifest = {
      name: "shop",
      type: "module",
      exports: { "./other": "./other.mjs" },
      dependencies: { dep: "1" },
    };
    rig.write("package.json", JSON.stringify(manifest));
    rig.write("other.mjs", "export const other = 1;");
    rig.write("make.mjs", 'import { other } from "shop/other"; export async function make() { return other && {}; }');
    expect((await run()).why).toContain("not cached: make.mjs imports what can't be known before");
  });
});

test("a function step that can't be run fails with Node's own words", async () => {
  rig.write("imports-gone.mjs", 'import "./gone.mjs"; export const make = 1;');
  rig.write("broken.mjs", "export const = ;");
  rig.write("empty.mjs", "");
  mkdirSync(join(rig.folder, "folder"));
  const said: Readonly<Record<string, string>> = {
    "./gone.mjs": "Cannot find module",
    "./imports-gone.mjs": "Cannot find module",
    "./broken.mjs": "SyntaxError",
    "./folder": "Error",
    "./empty.mjs": 'has no function "make"',
  };
  const steps = Object.keys(said).map((module) => functionStep(module, { module, export: "make" }));
  const done = await rig.run({ one: steps });
  for (const [module, words] of Object.entries(said)) {
    const view = done.step(module);
    expect(view).toMatchObject({ outcome: "failed", problems: [{ code: "COMMAND_FAILED" }] });
    expect(view.problems[0]?.message).toContain(words);
  }
});

test("a function step whose package is not installed is told so", async () => {
  const made = functionStep("make", { module: "nowhere/x", export: "make" });
  const view = (await rig.run({ one: [made] })).step("make");
  expect(view).toMatchObject({ outcome: "failed", problems: [{ code: "CONFIG_INVALID", place: "nowhere/x" }] });
});
