import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { ProblemError } from "../base/problem.ts";
import { findProject } from "./find-project.ts";
import { loadProject } from "./load-project.ts";

let folder: string;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "greenlight-copy-")));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
});

afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** A copy of the package whose steps have only the members that are given. */
function install(source: string): string {
  const at = join(folder, "node_modules/greenlight");
  mkdirSync(at, { recursive: true });
  const exports = { ".": "./index.js", "./package.json": "./package.json" };
  writeFileSync(
    join(at, "package.json"),
    JSON.stringify({ name: "greenlight", version: "0.0.7", type: "module", exports }),
  );
  writeFileSync(join(at, "index.js"), source);
  return at;
}

async function problemsOf(config: string) {
  writeFileSync(join(folder, "greenlight.config.js"), config);
  try {
    await loadProject(findProject(folder, undefined));
    return [];
  } catch (error) {
    if (!(error instanceof ProblemError)) throw error;
    return error.problems;
  }
}

const OLD = `
  export const step = (name) => ({ kind: "step", name, action: { kind: "command", command: "true" }, needs: {} });
  export const defineProject = (options) => ({ kind: "project", environments: {}, secrets: {}, store: null, codeHost: null, quality: null, retention: null, ...options });
`;
const CONFIG = `
  import { step, defineProject } from "greenlight";
  const s = Array.from({ length: 500 }, (_, index) => step("s" + index));
  export default defineProject({ name: "a", pipelines: { delivery: { kind: "pipeline", on: [], stages: { s }, finally: [], concurrency: null } } });
`;

test("a definition made with another copy of the package is one problem, not one for each step", async () => {
  const at = install(OLD);
  const problems = await problemsOf(CONFIG);
  expect(problems.map((each) => [each.code, each.place])).toEqual([["PACKAGE_MISMATCH", at]]);
  expect(problems[0]?.message).toContain("imports greenlight 0.0.7 from there");
});

test("where the project has no copy of its own, what is wrong is told step by step", async () => {
  const problems = await problemsOf(CONFIG.replace(/import .*/u, OLD.replaceAll("export const", "const")));
  expect(problems.map((each) => each.code)).not.toContain("PACKAGE_MISMATCH");
  expect(problems.length).toBeGreaterThanOrEqual(500);
});

test("another copy that can't be asked hides no problem", async () => {
  install("throw new Error('broken')");
  const problems = await problemsOf("export default { kind: 'project' }");
  expect(new Set(problems.map((each) => each.code))).toEqual(new Set(["CONFIG_INVALID"]));
});
