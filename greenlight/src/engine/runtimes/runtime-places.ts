import { readdirSync } from "node:fs";
import { delimiter, dirname, join } from "node:path";

import { isVersionOf, type RuntimeRequest } from "../../pipeline/runtime-definition.ts";

export interface RuntimeSearch {
  readonly name: RuntimeRequest["name"];
  readonly version: string;
  /** As the request says. */
  readonly isBare?: boolean;
  readonly projectFolder: string;
  /** Where the step's tool runs, relative to the project; its environments go before the project's. */
  readonly toolFolder: string;
  /** The engine's own variables. */
  readonly from: Readonly<Record<string, string | undefined>>;
}

/** How many folders of one version manager are looked at. */
const MAX_FOLDERS = 200;

/**
 * Where that version may be, likeliest first: what the project brings, what version managers installed, PATH. Only names are
 * looked at; what a program really is, it has to say itself.
 */
export function runtimePlaces(search: RuntimeSearch): readonly string[] {
  return search.name === "node" ? nodePlaces(search) : pythonPlaces(search);
}

function nodePlaces({ version, projectFolder, from }: RuntimeSearch): readonly string[] {
  const home = from["HOME"] ?? from["USERPROFILE"] ?? "";
  const nvm = from["NVM_DIR"] ?? join(home, ".nvm");
  const fnm = [
    from["FNM_DIR"],
    join(home, ".local/share/fnm"),
    join(home, "Library/Application Support/fnm"),
    join(home, ".fnm"),
  ];
  const volta = from["VOLTA_HOME"] ?? join(home, ".volta");
  const npm = from["npm_config_cache"] ?? join(home, ".npm");
  return [
    // `npm install --save-dev node22@npm:node@22`, or the package `node` itself.
    ...upward(projectFolder).flatMap((folder) => packagesIn(join(folder, "node_modules"))),
    ...toolCache("node", version, from),
    ...versionsIn(join(nvm, "versions/node"), version, "bin/node"),
    ...fnm.flatMap((each) =>
      each === undefined ? [] : versionsIn(join(each, "node-versions"), version, "installation/bin/node"),
    ),
    ...versionsIn(join(volta, "tools/image/node"), version, "bin/node"),
    ...versionsIn(join(home, ".asdf/installs/nodejs"), version, "bin/node"),
    ...versionsIn(join(home, ".local/share/mise/installs/node"), version, "bin/node"),
    ...versionsIn(join(from["N_PREFIX"] ?? "/usr/local", "n/versions/node"), version, "bin/node"),
    process.execPath,
    ...onPath(from["PATH"], ["node", ...namedBy("node", version), "nodejs"]),
    // What `npx -p node@22` brought earlier.
    ...foldersIn(join(npm, "_npx")).flatMap((folder) => packagesIn(join(folder, "node_modules"))),
  ];
}

function pythonPlaces({ version, projectFolder, toolFolder, from }: RuntimeSearch): readonly string[] {
  const home = from["HOME"] ?? from["USERPROFILE"] ?? "";
  const pyenv = from["PYENV_ROOT"] ?? join(home, ".pyenv");
  const uv = from["UV_PYTHON_INSTALL_DIR"] ?? join(from["XDG_DATA_HOME"] ?? join(home, ".local/share"), "uv/python");
  const short = version.replaceAll(".", "");
  // An environment of that version, with what the tests need, goes before a bare interpreter.
  const own = [
    `.venv-${version}`,
    `.venv${short}`,
    `.venv-py${short}`,
    `.tox/py${short}`,
    `.nox/tests-${version.replaceAll(".", "-")}`,
  ];
  const homes = [...new Set([join(projectFolder, toolFolder), join(projectFolder)])];
  return [
    ...homes.flatMap((each) => [...own, ".venv", "venv"].map((folder) => join(each, folder, "bin/python"))),
    ...toolCache("Python", version, from),
    ...versionsIn(join(pyenv, "versions"), version, "bin/python"),
    ...foldersIn(uv).map((folder) => join(folder, "bin/python3")),
    ...versionsIn(join(home, ".asdf/installs/python"), version, "bin/python"),
    ...versionsIn(join(home, ".local/share/mise/installs/python"), version, "bin/python"),
    ...onPath(from["PATH"], [...namedBy("python", version), "python"]),
  ];
}

/** Where a runner of GitHub Actions and the actions `setup-node` and `setup-python` keep versions: `Python/3.11.9/x64`. */
function toolCache(tool: "node" | "Python", version: string, from: RuntimeSearch["from"]): readonly string[] {
  const program = `${process.arch}/bin/${tool.toLowerCase()}`;
  const caches = new Set([from["AGENT_TOOLSDIRECTORY"], from["RUNNER_TOOL_CACHE"]]);
  return [...caches].flatMap((cache) =>
    cache === undefined || cache === "" ? [] : versionsIn(join(cache, tool), version, program),
  );
}

/** `python3.11.4`, `python3.11`, `python3`. */
function namedBy(name: string, version: string): readonly string[] {
  const parts = version.split(".");
  return parts.map((_part, index) => `${name}${parts.slice(0, parts.length - index).join(".")}`);
}

/** Programs in folders that are called by a version, `v22.3.0` or `22.3.0`, if it is one that is wanted. */
function versionsIn(folder: string, wanted: string, program: string): readonly string[] {
  return foldersIn(folder)
    .filter((each) => isVersionOf(each.slice(folder.length + 1).replace(/^v/u, ""), wanted))
    .toReversed()
    .map((each) => join(each, program));
}

/** Node as a package: `node`, or under a name of its own such as `node22`. */
function packagesIn(modules: string): readonly string[] {
  const names = namesIn(modules).filter((name) => /^node(?:-?\d[\d.-]*)?$/u.test(name));
  return names.map((name) => join(modules, name, "bin", process.platform === "win32" ? "node.exe" : "node"));
}

function onPath(path: string | undefined, names: readonly string[]): readonly string[] {
  const folders = (path ?? "").split(delimiter).filter((folder) => folder !== "");
  return names.flatMap((name) => folders.map((folder) => join(folder, name)));
}

function foldersIn(folder: string): readonly string[] {
  return namesIn(folder)
    .toSorted((left, right) => left.localeCompare(right, "en", { numeric: true }))
    .slice(-MAX_FOLDERS)
    .map((name) => join(folder, name));
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    // Most machines have few of these.
    return [];
  }
}

function upward(folder: string): readonly string[] {
  const folders = [folder];
  for (let here = folder; dirname(here) !== here; here = dirname(here)) folders.push(dirname(here));
  return folders;
}
