import { parse } from "smol-toml";

import type { FolderContent, PythonFacts, PythonManager, PythonTool } from "./repository-facts.ts";

const TOOLS: readonly PythonTool[] = [
  "black",
  "isort",
  "ruff",
  "flake8",
  "pylint",
  "mypy",
  "bandit",
  "safety",
  "pip-audit",
];

const DEVELOPMENT = /^(dev|develop|development|test|tests|testing|lint|quality|ci|typing|all-dev)$/u;

/** Any of these makes a folder a Python project. */
const MARKS = /^(pyproject\.toml|setup\.(py|cfg)|Pipfile|requirements\.(txt|in))$/u;

export function isPythonProject({ files, texts }: FolderContent): boolean {
  const marks = files.filter((name) => MARKS.test(name));
  // A pyproject.toml or setup.cfg may only configure a formatter of a project in another language.
  if (marks.length === 1 && marks[0] === "pyproject.toml")
    return /^\s*\[(project|tool\.poetry|build-system)/mu.test(texts["pyproject.toml"] ?? "");
  if (marks.length === 1 && marks[0] === "setup.cfg") return /^\[(metadata|options)/mu.test(texts["setup.cfg"] ?? "");
  return marks.length > 0;
}

/** What a folder says about its Python project, with the names of the folders below it that hold Python. Pure. */
export function pythonFacts(content: FolderContent, holdsPython: (folder: string) => boolean): PythonFacts {
  const { folder, files, texts } = content;
  const choices: string[] = [];
  const at = folder === "" ? "" : `${folder}: `;
  const source = texts["pyproject.toml"];
  const project = source === undefined ? {} : readToml(source);
  if (project === null) choices.push(`${at}pyproject.toml can't be read as TOML: mend it first.`);
  const table = project ?? {};
  const named = declaredNames(table, texts);
  const managers = managersOf(files, table);
  const [manager = "pip"] = managers;
  if (managers.length > 1) {
    choices.push(
      `${at}locks of ${managers.join(" and ")} stand side by side: ${manager} was taken; delete the other, or choose otherwise.`,
    );
  }
  const tools = TOOLS.filter((tool) => named.has(tool) || isConfigured(tool, table, texts, files));
  const missing = (["mypy", "bandit", "pip-audit"] as const).filter((tool) => !tools.includes(tool));
  if (missing.length > 0) choices.push(`${at}not found among the project's tools: ${missing.join(", ")}.`);
  const tests = testsOf(content, named, table, texts);
  if (tests === null) choices.push(`${at}no tests that are understood were found (pytest).`);
  return {
    kind: "python",
    folder,
    name: nameOf(table),
    manager,
    tools,
    tests,
    sources: sourcesOf(content, holdsPython),
    hasCoverage: named.has("pytest-cov"),
    ...developmentOf(manager, table, files),
    choices,
  };
}

/** The extras, groups and files whose names say that they are for development and tests. */
function developmentOf(
  manager: PythonManager,
  table: Table,
  files: readonly string[],
): Pick<PythonFacts, "extras" | "groups" | "requirements"> {
  const extras = Object.keys(get(table, "project", "optional-dependencies")).filter((name) => DEVELOPMENT.test(name));
  const poetry = Object.keys(get(table, "tool", "poetry", "group"));
  const groups = manager === "poetry" ? poetry : manager === "uv" ? Object.keys(get(table, "dependency-groups")) : [];
  // What is compiled from an .in file, or for development, is installed beside the rest.
  const requirements = files.filter((name) =>
    /^([\w.-]*-)?requirements([-_.](dev|develop|development|test|tests|ci|lint)[\w.-]*)?\.txt$/u.test(name),
  );
  return {
    extras,
    groups: groups.filter((name) => DEVELOPMENT.test(name)),
    requirements: extras.length > 0 ? [] : requirements,
  };
}

type Table = Readonly<Record<string, unknown>>;

function readToml(source: string): Table | null {
  try {
    return parse(source);
  } catch {
    return null;
  }
}

/** `get(table, "tool", "poetry")`; an empty table where there is none. */
function get(table: Table, ...path: readonly string[]): Table {
  let here: unknown = table;
  for (const name of path) here = isTable(here) ? here[name] : undefined;
  return isTable(here) ? here : {};
}

function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function nameOf(table: Table): string | null {
  const name = get(table, "project")["name"] ?? get(table, "tool", "poetry")["name"];
  return typeof name === "string" ? name : null;
}

/** Names of the packages that the project asks for anywhere, as PEP 503 writes them. */
function declaredNames(table: Table, texts: Readonly<Record<string, string>>): ReadonlySet<string> {
  const requirements: unknown[] = [];
  const lists = [
    get(table, "project")["dependencies"],
    ...Object.values(get(table, "project", "optional-dependencies")),
    ...Object.values(get(table, "dependency-groups")),
    get(table, "tool", "uv")["dev-dependencies"],
  ];
  for (const list of lists) if (Array.isArray(list)) requirements.push(...(list as unknown[]));
  const poetry = get(table, "tool", "poetry");
  requirements.push(...Object.keys(get(poetry, "dependencies")), ...Object.keys(get(poetry, "dev-dependencies")));
  for (const group of Object.keys(get(poetry, "group"))) {
    requirements.push(...Object.keys(get(poetry, "group", group, "dependencies")));
  }
  for (const [file, text] of Object.entries(texts)) {
    if (file.endsWith(".txt") || file.endsWith(".in")) requirements.push(...text.split("\n"));
    if (file === "Pipfile") {
      const pipfile = readToml(text) ?? {};
      requirements.push(...Object.keys(get(pipfile, "packages")), ...Object.keys(get(pipfile, "dev-packages")));
    }
  }
  const names = requirements
    .map((each) => /^\s*([A-Za-z0-9][\w.-]*)/u.exec(typeof each === "string" ? each : "")?.[1])
    .filter((name) => name !== undefined);
  return new Set(names.map((name) => name.toLowerCase().replaceAll(/[-_.]+/gu, "-")));
}

function managersOf(files: readonly string[], table: Table): readonly PythonManager[] {
  const found: PythonManager[] = [];
  if (files.includes("uv.lock")) found.push("uv");
  if (files.includes("poetry.lock") || Object.keys(get(table, "tool", "poetry")).length > 0) found.push("poetry");
  return found.length > 0 ? found : ["pip"];
}

function isConfigured(
  tool: PythonTool,
  table: Table,
  texts: Readonly<Record<string, string>>,
  files: readonly string[],
): boolean {
  if (Object.keys(get(table, "tool", tool)).length > 0) return true;
  if (files.includes(`.${tool}`) || files.includes(`${tool}.toml`) || files.includes(`${tool}.ini`)) return true;
  const section = new RegExp(`^\\[${tool}[\\]:]`, "mu");
  return section.test(texts["setup.cfg"] ?? "") || section.test(texts["tox.ini"] ?? "");
}

function testsOf(
  { files, folders }: FolderContent,
  named: ReadonlySet<string>,
  table: Table,
  texts: Readonly<Record<string, string>>,
): "pytest" | null {
  const isNamed =
    named.has("pytest") || Object.keys(get(table, "tool", "pytest")).length > 0 || files.includes("pytest.ini");
  if (isNamed || /^\[(tool:)?pytest\]/mu.test(`${texts["setup.cfg"] ?? ""}\n${texts["tox.ini"] ?? ""}`))
    return "pytest";
  // pytest also runs what unittest wrote; that somebody means it to is a guess, which is left to a person.
  return folders.includes("tests") && files.includes("conftest.py") ? "pytest" : null;
}

/** Folders and files with code, the tests among them: what a linter is usually given. */
function sourcesOf({ files, folders }: FolderContent, holdsPython: (folder: string) => boolean): readonly string[] {
  const kept = folders.filter(
    (name) => !name.startsWith(".") && !/^(docs?|node_modules|venv|env|build|dist)$/u.test(name),
  );
  return [...kept.filter(holdsPython), ...files.filter((name) => name.endsWith(".py"))];
}
