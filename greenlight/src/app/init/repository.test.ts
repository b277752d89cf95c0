import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

import { afterEach, beforeEach, describe, expect, test } from "vitest";

import type { NodeFacts, PythonFacts } from "./repository-facts.ts";
import { lookAtRepository } from "./repository.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "greenlight-init-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(files: Readonly<Record<string, string | object>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), typeof content === "string" ? content : JSON.stringify(content));
  }
}

function only(): NodeFacts | PythonFacts {
  const { projects } = lookAtRepository(folder);
  expect(projects).toHaveLength(1);
  return projects[0] as NodeFacts | PythonFacts;
}

describe("a Node project", () => {
  test("is known by its lock, its tools by what it declares or configures", () => {
    write({
      "package.json": {
        name: "@shop/api",
        devDependencies: { typescript: "5", prettier: "3", vitest: "3", eslint: "9" },
      },
      "pnpm-lock.yaml": "",
      "tsconfig.json": "{}",
    });
    expect(lookAtRepository(folder).name).toBe("shop-api");
    expect(only()).toEqual({
      kind: "node",
      folder: "",
      name: "@shop/api",
      manager: "pnpm",
      format: "prettier",
      lint: "eslint",
      hasTypes: true,
      typeProjects: [],
      tests: "vitest",
      choices: [],
    });
  });

  test.each([
    ["jest.config.js", { scripts: { test: "jest" } }, "jest"],
    ["a.js", { scripts: { test: "node --test" } }, "node:test"],
    [
      "a.js",
      { scripts: { test: "c8 npm run test:run", "test:run": 'glob -c "tsx --test" "./test/**/*.ts"' } },
      "node:test",
    ],
    ["a.js", { scripts: { test: "echo no test; exit 1" } }, null],
    ["a.js", { scripts: { test: "mocha" } }, null],
  ])("with %s and %j has %s as its tests", (name, more, tests) => {
    write({ "package.json": more, "package-lock.json": "{}", [name]: "" });
    const facts = only();
    expect(facts.tests).toBe(tests);
    expect(facts.choices.some((choice) => choice.includes("no tests"))).toBe(tests === null);
  });

  test("with two lock files goes by the manager that it names, else by npm's, and says so", () => {
    write({ "package.json": { packageManager: "yarn@4.1.0" }, "package-lock.json": "{}", "yarn.lock": "" });
    expect(only()).toMatchObject({ manager: "yarn" });
    expect(only().choices[0]).toBe(
      "package-lock.json and yarn.lock stand side by side: yarn was taken; delete package-lock.json, or choose otherwise.",
    );
    write({ "package.json": {} });
    expect(only()).toMatchObject({ manager: "npm" });
  });

  test("whose tsconfig.json only refers to others has their types looked at", () => {
    const config =
      '{ // solution\n "files": [], /* none */ "references": [{ "path": "./tsconfig.app.json" }, { "path": "b//c" },], }';
    write({ "package.json": { devDependencies: { typescript: "5" } }, "tsconfig.json": config });
    expect(only()).toMatchObject({ hasTypes: true, typeProjects: ["tsconfig.app.json", "b//c"] });
  });

  test("whose package.json is broken is told, and is a project all the same", () => {
    write({ "package.json": "{ name: ", "package-lock.json": "{}" });
    expect(only().choices[0]).toBe("package.json can't be read as JSON: mend it first.");
  });
});

describe("a Python project", () => {
  test.each([
    [
      "pyproject.toml",
      '[project]\nname = "a"\n[project.optional-dependencies]\ndev = ["black>=24", "Flake8", "pip_audit"]\n',
      "pip",
    ],
    [
      "requirements-dev.txt",
      "black==24.1  # format\n-r requirements.txt\nflake8 ; python_version > '3'\npip-audit\n",
      "pip",
    ],
    ["poetry.lock", "", "poetry"],
    ["uv.lock", "", "uv"],
    ["Pipfile", '[dev-packages]\nblack = "*"\nflake8 = "*"\npip-audit = "*"\n', "pip"],
  ])("tells its tools by %s", (name, content, manager) => {
    const dev = {
      "pyproject.toml":
        '[project]\nname = "a"\n[dependency-groups]\ndev = ["black", "flake8", {include-group = "x"}, "pip-audit"]\n',
    };
    write({ "requirements.txt": "fastapi\n", ...(content === "" ? dev : {}), [name]: content });
    expect(only()).toMatchObject({ kind: "python", manager, tools: ["black", "flake8", "pip-audit"] });
  });

  test("tells its tools by their configuration, too", () => {
    write({
      "setup.py": "",
      "setup.cfg": "[isort]\n[mypy]\n[mypy-x.*]\n[tool:pytest]\n",
      ".flake8": "",
      "tox.ini": "[pylint]\n",
    });
    expect(only()).toMatchObject({ tools: ["isort", "flake8", "pylint", "mypy"], tests: "pytest" });
  });

  test("names what holds its code, and what is made by tools is none of it", () => {
    write({
      "requirements.txt": "pytest\n",
      "main.py": "",
      "app/__init__.py": "",
      "tests/unit/test_a.py": "",
      "static/a.js": "",
      "venv/lib/python3.11/site-packages/x/__init__.py": "",
      ".venv/x.py": "",
    });
    expect(only()).toMatchObject({ sources: ["app", "tests", "main.py"], tests: "pytest" });
  });

  test("is not what only configures a tool, and a broken pyproject.toml is told", () => {
    write({ "package.json": {}, "pyproject.toml": "[tool.ruff]\nline-length = 100\n" });
    expect(only().kind).toBe("node");
    write({ "pyproject.toml": "[project]\nname = \n" });
    const python = lookAtRepository(folder).projects.find((each) => each.kind === "python");
    expect(python?.choices[0]).toBe("pyproject.toml can't be read as TOML: mend it first.");
  });
});

describe("a repository of several projects", () => {
  test("gives each once: workspaces from their root, folders of their own by name, examples not at all", () => {
    write({
      "package.json": { name: "all", workspaces: ["packages/*"] },
      "package-lock.json": "{}",
      "packages/a/package.json": { name: "a", dependencies: { x: "1" } },
      "ml/pyproject.toml": '[project]\nname = "ml"\n',
      "ml/scripts/requirements.txt": "numpy\n",
      "examples/b/package.json": { dependencies: { x: "1" } },
      "examples/b/package-lock.json": "{}",
      "web app/package.json": { dependencies: { x: "1" } },
      "web app/yarn.lock": "",
    });
    const { projects, choices, name } = lookAtRepository(folder);
    expect(projects.map(({ kind, folder: at }) => [kind, at])).toEqual([
      ["node", ""],
      ["node", "web app"],
      ["python", "ml"],
    ]);
    expect(choices).toEqual(["Left out, because of where they stand: examples/b."]);
    expect(name).toBe("all");
  });

  test("is looked at within bounds, and no link is followed", () => {
    write({ "a/b/c/d/package.json": {}, "a/b/c/d/e/package.json": {} });
    symlinkSync(folder, join(folder, "loop"));
    expect(lookAtRepository(folder).projects.map(({ folder: at }) => at)).toEqual(["a/b/c/d"]);
  });

  test.each([
    ["ref: refs/heads/develop/x\n", "develop/x"],
    ["0123456789012345678901234567890123456789\n", "main"],
    ["ref: refs/heads/a`b\n", "main"],
  ])("has the branch that it is on as its main one: %j", (head, branch) => {
    write({ ".git/HEAD": head, "package.json": {} });
    expect(lookAtRepository(folder).mainBranch).toBe(branch);
  });

  test("has a valid name, whatever its folder is called", () => {
    write({ "package.json": { name: "영화" } });
    expect(lookAtRepository(folder).name).toBe("service");
  });
});
