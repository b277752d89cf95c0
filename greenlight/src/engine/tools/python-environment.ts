import { readdirSync, readFileSync, realpathSync } from "node:fs";
import { dirname, join } from "node:path";

export interface PythonEnvironment {
  /** Distribution → version, by normalised name. */
  readonly distributions: ReadonlyMap<string, string>;
  /** Of its interpreter: `3.11.7`, or `3.11` where only the folder tells it. */
  readonly python: string;
  /** False: it takes packages of the system's Python along, which are not among `distributions`. */
  readonly isWhole: boolean;
}

/**
 * The environment of Python that a program belongs to, read from the names of its `*.dist-info` folders; no process is
 * started. Null when none is found that holds `distribution`: the program is a shim, or several interpreters share a folder.
 * Layout: PEP 405 (environments), PEP 376 and the PyPA's "Recording installed projects" (dist-info).
 */
export function pythonEnvironmentOf(program: string, distribution: string): PythonEnvironment | null {
  for (const path of new Set([program, realPath(program)])) {
    const home = dirname(dirname(path));
    const found = packageFolders(home)
      .map((folder) => ({ ...folder, distributions: distributionsIn(folder.path) }))
      .filter(({ distributions }) => distributions.has(normalName(distribution)));
    const [only, ...others] = found;
    if (only === undefined || others.length > 0) continue;
    const settings = readSettings(home);
    return {
      distributions: only.distributions,
      python: settings["version"] ?? settings["version_info"] ?? only.python,
      isWhole: settings["include-system-site-packages"] !== "true",
    };
  }
  return null;
}

/**
 * True: the program is that of a virtual environment without `distribution`, which takes no packages from outside along. False
 * also where that can't be told: a bare interpreter may find packages in several places.
 */
export function surelyLacks(program: string, distribution: string): boolean {
  const home = dirname(dirname(program));
  const settings = readSettings(home);
  if (settings["home"] === undefined || settings["include-system-site-packages"] === "true") return false;
  return packageFolders(home).every(({ path }) => !distributionsIn(path).has(normalName(distribution)));
}

/** As package indexes compare names (PEP 503). */
export function normalName(name: string): string {
  return name.toLowerCase().replaceAll(/[-_.]+/gu, "-");
}

interface PackageFolder {
  readonly path: string;
  readonly python: string;
}

function packageFolders(home: string): PackageFolder[] {
  if (process.platform === "win32") return [{ path: join(home, "Lib", "site-packages"), python: "unknown" }];
  return namesIn(join(home, "lib")).flatMap((name) => {
    const version = /^python(3[\d.]*)$/u.exec(name)?.[1];
    if (version === undefined) return [];
    // Debian keeps what its own packages install apart.
    return ["site-packages", "dist-packages"].map((each) => ({ path: join(home, "lib", name, each), python: version }));
  });
}

function distributionsIn(folder: string): Map<string, string> {
  const found = new Map<string, string>();
  for (const entry of namesIn(folder)) {
    const [, name, version] = DISTRIBUTION.exec(entry) ?? [];
    if (name !== undefined && version !== undefined) found.set(normalName(name), version);
  }
  return found;
}

const DISTRIBUTION = /^(.+?)-(\d[^-]*?)(?:-py[\d.]+)?\.(?:dist|egg)-info$/u;

/** What `pyvenv.cfg` says; empty outside an environment. */
function readSettings(home: string): Readonly<Record<string, string>> {
  try {
    const text = readFileSync(join(home, "pyvenv.cfg"), "utf8").slice(0, 16_384);
    return Object.fromEntries(
      text.split("\n").map((line) => {
        const [name = "", value = ""] = line.split(/=(.*)/su);
        return [name.trim().toLowerCase(), value.trim()];
      }),
    );
  } catch {
    return {};
  }
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function realPath(path: string): string {
  try {
    return realpathSync.native(path);
  } catch {
    return path;
  }
}
