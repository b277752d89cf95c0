import { existsSync, readFileSync, unlinkSync } from "node:fs";
import { join } from "node:path";

import { afterEach, beforeEach, expect, test } from "vitest";

import { Sandbox } from "./testing/sandbox.ts";

let sandbox: Sandbox;
beforeEach(() => {
  sandbox = new Sandbox();
  // As in a project that has never heard of Greenlight.
  unlinkSync(join(sandbox.folder, "node_modules/greenlight"));
  unlinkSync(join(sandbox.folder, "package.json"));
});
afterEach(() => sandbox.dispose());

const NODE = {
  "package.json": JSON.stringify({
    name: "films",
    devDependencies: { prettier: "3", eslint: "9", typescript: "5", jest: "30" },
  }),
  "package-lock.json": JSON.stringify({ lockfileVersion: 3, packages: { "": {} } }),
  "tsconfig.json": "{}",
};
const PYTHON = {
  "pyproject.toml":
    '[project]\nname = "ratings"\n[project.optional-dependencies]\ndev = ["black", "mypy", "pytest", "pytest-cov"]\n',
  "ratings/__init__.py": "",
};

test.each([
  ["a Node project", NODE, ["format", "lint", "types", "unit tests"]],
  ["a Python project", PYTHON, ["python environment", "Black", "MyPy", "unit tests"]],
  ["both in one folder", { ...NODE, ...PYTHON }, ["lint", "unit tests", "MyPy", "python unit tests"]],
  [
    "several projects in odd folders",
    { ...NODE, ...inFolder(`it's "영화"`, PYTHON), ...inFolder("b $(c)", PYTHON) },
    ["lint", `MyPy (it's "영화")`, "MyPy (b $(c))"],
  ],
])("of %s it writes a definition that can be planned, with no package installed", async (_what, files, steps) => {
  for (const [name, text] of Object.entries(files)) sandbox.write(name, text);
  const made = await sandbox.greenlight(["init"]);
  expect([made.status, made.stderr]).toEqual([0, ""]);
  expect(made.stdout).toMatch(/wrote greenlight\.config\.m?ts/u);
  const planned = await sandbox.greenlight(["plan", "--json"]);
  expect([planned.status, planned.stderr]).toEqual([0, ""]);
  for (const step of steps) expect(planned.stdout).toContain(JSON.stringify(step));
});

function plain(text: string): string {
  return text.replaceAll(/\s+/gu, "").replaceAll(/,(?=[\])}])/gu, "");
}

test("the example of the page comes out as the page says", async () => {
  const page = readFileSync(join(import.meta.dirname, "../../docs/init.md"), "utf8");
  const block = (language: string): string =>
    new RegExp("```" + language + "\\n(.*?)\\n```", "su").exec(page)?.[1] ?? "";
  sandbox.write("package.json", block("json"));
  sandbox.write("package-lock.json", NODE["package-lock.json"]);
  sandbox.write("tsconfig.json", "{}");
  sandbox.write("trainer/pyproject.toml", block("toml"));
  sandbox.write("trainer/ratings/__init__.py", "");
  const shown = await sandbox.greenlight(["init", "--dry-run"]);
  // The page is laid out by a formatter, the definition is not.
  expect(plain(shown.stdout)).toBe(plain(block("ts")));
  expect(plain(block("ts"))).toContain("defineProject");
});

test("what stands is written over only when that is asked for", async () => {
  for (const [name, text] of Object.entries(NODE)) sandbox.write(name, text);
  sandbox.write("greenlight.config.ts", "// mine\n");
  const refused = await sandbox.greenlight(["init"]);
  expect([refused.status, refused.stderr.includes("CONFIG_EXISTS")]).toEqual([2, true]);
  expect(definition()).toBe("// mine\n");
  const shown = await sandbox.greenlight(["init", "--dry-run"]);
  expect([shown.status, shown.stdout.includes("defineProject")]).toEqual([0, true]);
  expect(definition()).toBe("// mine\n");
  expect((await sandbox.greenlight(["init", "--force"])).status).toBe(0);
  expect(definition()).toContain("defineProject");
});

test("where there is no project it says so and writes nothing", async () => {
  const refused = await sandbox.greenlight(["init"]);
  expect([refused.status, refused.stderr.includes("PROJECT_UNKNOWN")]).toEqual([2, true]);
  expect(existsSync(join(sandbox.folder, "greenlight.config.ts"))).toBe(false);
});

function definition(): string {
  return readFileSync(join(sandbox.folder, "greenlight.config.ts"), "utf8");
}

function inFolder(folder: string, files: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [`${folder}/${name}`, text]));
}
