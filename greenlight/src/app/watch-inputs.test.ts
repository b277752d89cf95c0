import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import { defineProject, functionStep, pipeline, step } from "../pipeline/define.ts";
import { makeBlueprint } from "../pipeline/make-blueprint.ts";
import { FolderWatch } from "./watch-folders.ts";
import { watchedFolders, WatchedInputs, watchRules, type WatchRules } from "./watch-inputs.ts";

let folder: string;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "greenlight-watch-")));
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

function write(...names: readonly string[]): Set<string> {
  for (const name of names) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), "x");
  }
  return new Set(names.map((name) => join(folder, name)));
}

const RULES: WatchRules = {
  inputs: [
    ["src/**", "!**/*.test.ts"],
    ["data", "notes (1).txt"],
  ],
  outputs: ["out", "dist/*.js", "src/made.ts"],
  files: [],
  hasUndeclared: false,
};

describe("a change", () => {
  test("matters when it is to an input of a step, as the engine itself finds them", async () => {
    const watched = new WatchedInputs(folder, RULES);
    const paths = write(
      "src/a.ts",
      "src/.hidden/b.ts",
      "src/a.test.ts",
      "data/deep/c.txt",
      "notes (1).txt",
      "README.md",
    );
    expect([...(await watched.relevant(paths, { isRunning: false }))].toSorted()).toEqual([
      "data/deep/c.txt",
      "notes (1).txt",
      "src/.hidden/b.ts",
      "src/a.ts",
    ]);
  });

  test("matters when an input goes", async () => {
    const paths = write("src/a.ts");
    const watched = new WatchedInputs(folder, RULES);
    await watched.refresh();
    rmSync(join(folder, "src/a.ts"));
    expect(await watched.relevant(paths, { isRunning: true })).toEqual(["src/a.ts"]);
    expect(await watched.relevant(paths, { isRunning: true })).toEqual([]);
  });

  test("to an output, or to a file that nothing depends on, does not matter", async () => {
    const watched = new WatchedInputs(folder, RULES);
    const paths = write("out/deep/x", "dist/main.js", "src/made.ts", "other.txt");
    expect(await watched.relevant(paths, { isRunning: false })).toEqual([]);
  });

  test("to any file matters to a step that declares no inputs, but not while it runs", async () => {
    const watched = new WatchedInputs(folder, { ...RULES, hasUndeclared: true });
    const paths = write("other.txt", "out/x");
    expect(await watched.relevant(paths, { isRunning: true })).toEqual([]);
    expect(await watched.relevant(paths, { isRunning: false })).toEqual(["other.txt"]);
  });
});

test("the rules of a pipeline: inputs, outputs, the definition's own files, and modules of functions", async () => {
  write("package-lock.json", "parts/names.ts");
  writeFileSync(join(folder, "greenlight.config.ts"), `import "./parts/names.ts";`);
  writeFileSync(join(folder, "work.ts"), `import "./parts/names.ts"; export const work = () => {};`);
  const project = defineProject({
    name: "films",
    pipelines: {
      delivery: pipeline({
        stages: {
          one: [
            step("a", { run: "x", inputs: ["../shared/**", "src/*.ts"], outputs: { o: "out/a" } }),
            functionStep("b", { module: "./work.ts", export: "work", inputs: [] }),
          ],
        },
      }),
    },
  });
  const made = makeBlueprint(project, "greenlight.config.ts");
  if (!made.ok) throw new Error(JSON.stringify(made.error));
  const place = {
    folder,
    configPath: join(folder, "greenlight.config.ts"),
    stateFolder: join(folder, ".greenlight"),
  };
  const rules = await watchRules(place, made.value, "delivery");
  expect(rules).toMatchObject({
    inputs: [["../shared/**", "src/*.ts"], []],
    outputs: ["out/a"],
    hasUndeclared: false,
  });
  for (const name of ["greenlight.config.ts", "parts/names.ts", "work.ts", "package-lock.json"]) {
    expect(rules.files).toContain(join(folder, name));
  }
  expect(watchedFolders(place, rules).deep).toEqual([folder, join(folder, "../shared")]);
});

test("the baseline is watched where findings are judged by it", async () => {
  const make = (evidence: boolean): WatchRules | Promise<WatchRules> => {
    const lint = step("lint", {
      run: "true",
      inputs: ["src/**"],
      ...(evidence ? { evidence: [{ format: "sarif", path: "out/a.sarif", tool: "a" }] } : {}),
    });
    const pipelines = { delivery: pipeline({ stages: { quality: [lint] } }) };
    const project = defineProject({ name: "x", environments: {}, quality: { baseline: "known.json" }, pipelines });
    const made = makeBlueprint(project, "greenlight.config.ts");
    if (!made.ok) throw new Error(JSON.stringify(made.error));
    const configPath = join(folder, "greenlight.config.ts");
    writeFileSync(configPath, "");
    return watchRules({ folder, configPath, stateFolder: join(folder, ".greenlight") }, made.value, "delivery");
  };
  expect((await make(true)).files).toContain(join(folder, "known.json"));
  expect((await make(false)).files).not.toContain(join(folder, "known.json"));
});

describe("a watch on folders", () => {
  let watch: FolderWatch;
  let seen: Set<string>;

  beforeEach(() => {
    seen = new Set();
    watch = new FolderWatch((path) => seen.add(path.slice(folder.length + 1)));
  });

  afterEach(() => {
    watch.close();
  });

  test("tells of files that change, come and go, deep below", async () => {
    write("a/b/c.txt");
    watch.add(folder);
    write("a/b/c.txt", "top.txt");
    await expect.poll(() => [...seen].toSorted()).toEqual(["a/b/c.txt", "top.txt"]);
    seen.clear();
    rmSync(join(folder, "a/b/c.txt"));
    await expect.poll(() => [...seen]).toEqual(["a/b/c.txt"]);
  });

  test("follows folders that are made, filled at once, removed and made again", async () => {
    watch.add(folder);
    write("new/deep/x.txt");
    await expect.poll(() => seen.has("new/deep/x.txt")).toBe(true);
    seen.clear();
    rmSync(join(folder, "new"), { recursive: true });
    write("new/deep/y.txt");
    await expect.poll(() => seen.has("new/deep/y.txt")).toBe(true);
    seen.clear();
    write("new/deep/y.txt");
    await expect.poll(() => seen.has("new/deep/y.txt")).toBe(true);
  });

  test("is deaf to node_modules, .git and .greenlight", async () => {
    write("node_modules/x/a.js", "src/a.ts");
    watch.add(folder);
    write("node_modules/x/a.js", ".greenlight/runs/x.log", ".git/index", "src/a.ts");
    await expect.poll(() => seen.has("src/a.ts")).toBe(true);
    expect([...seen].filter((path) => !path.startsWith("src"))).toEqual([]);
  });
});
