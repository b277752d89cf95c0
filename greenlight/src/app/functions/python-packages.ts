import { copyFile, mkdir, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { z } from "zod";

import { digestText } from "../../base/file-digest.ts";
import type { Json } from "../../base/json.ts";
import { problem, ProblemError } from "../../base/problem.ts";
import type { FunctionContext } from "../../engine/steps/function-step.ts";
import { packageName, parsePythonLock, type LockedRequirement } from "../../release/python-lock.ts";
import { askPython, runPip } from "../bundling/pip.ts";
import { ENVIRONMENT_FILE, LOCK_FILE, SITE_FOLDER } from "../bundling/python-parts.ts";

const ARGUMENTS = z.object({ requirements: z.string(), python: z.string().nullable() });
/** A lock of a thousand packages, all hashes of all platforms, is below a megabyte. */
const MAX_LOCK_BYTES = 16 * 1024 * 1024;

/**
 * Unpacks the locked packages for the project's Python into the output `packages`: `site/` (what goes on Python's path),
 * the lock itself, and `environment.json`, which says for which Python and from which hashes. Wheels only, each compared
 * with the lock's hashes. The same lock and Python give the same bytes: nothing compiled, no scripts, no record of them.
 */
export async function pythonPackages(rawArguments: Json, context: FunctionContext): Promise<void> {
  const { requirements, python } = ARGUMENTS.parse(rawArguments);
  const { folder } = context.project;
  const output = context.outputs["packages"];
  if (output === undefined) throw new Error('the step declares no output "packages"');
  const lockPath = join(folder, requirements);
  const text = await readLock(lockPath, requirements);
  const locked = readRequirements(text, requirements);
  const program = python ?? ((await isFile(join(folder, VENV_PYTHON))) ? join(folder, VENV_PYTHON) : "python3");
  const facts = await askPython(program);
  if (facts === null) {
    const message = `${program} is no Python 3 that runs`;
    throw new ProblemError([problem("PYTHON_MISSING", { place: requirements, message })]);
  }

  await rm(output, { recursive: true, force: true });
  const site = join(output, SITE_FOLDER);
  await mkdir(site, { recursive: true });
  const failure = await runPip(program, {
    folder,
    arguments: ["install", "--target", site, "--require-hashes", "--only-binary=:all:", "--no-compile", "-r", lockPath],
  });
  if (failure !== null) {
    const message = `pip could not install it for Python ${facts.version}: ${failure}`;
    throw new ProblemError([problem("PACKAGES_NOT_INSTALLED", { place: requirements, message })]);
  }
  const installed = await installedPackages(site, locked);
  await leaveOut(site);
  await copyFile(lockPath, join(output, LOCK_FILE));
  const environment = {
    schema: 1,
    language: "python",
    version: facts.version,
    platform: facts.platform,
    requirementsDigest: digestText(text),
    packages: installed,
  };
  await writeFile(join(output, ENVIRONMENT_FILE), `${JSON.stringify(environment, null, 2)}\n`);
  console.log(`${installed.length} packages for Python ${facts.version} on ${facts.platform}`);
}

const VENV_PYTHON = process.platform === "win32" ? ".venv/Scripts/python.exe" : ".venv/bin/python";

async function readLock(path: string, place: string): Promise<string> {
  const found = await stat(path).catch(() => null);
  if (found === null || !found.isFile()) throw unlocked(place, "there is no such file");
  if (found.size > MAX_LOCK_BYTES) throw unlocked(place, `larger than ${MAX_LOCK_BYTES} bytes`);
  return readFile(path, "utf8");
}

function readRequirements(text: string, place: string): readonly LockedRequirement[] {
  const { requirements, faults } = parsePythonLock(text);
  if (faults.length === 0) return requirements;
  throw new ProblemError(
    faults.slice(0, 5).map(({ line, message }) => problem("PACKAGES_UNLOCKED", { place: `${place}:${line}`, message })),
  );
}

function unlocked(place: string, message: string): ProblemError {
  return new ProblemError([problem("PACKAGES_UNLOCKED", { place, message })]);
}

interface InstalledPackage {
  readonly name: string;
  readonly version: string;
  /** Of the lock: pip accepted a wheel with one of them. */
  readonly hashes: readonly string[];
}

/** What pip unpacked, by the names of its `dist-info` folders, with the lock's hashes. */
async function installedPackages(
  site: string,
  locked: readonly LockedRequirement[],
): Promise<readonly InstalledPackage[]> {
  const found: InstalledPackage[] = [];
  for (const entry of await readdir(site)) {
    const [, name, version] = /^(.+)-([^-]+)\.dist-info$/u.exec(entry) ?? [];
    if (name === undefined || version === undefined) continue;
    const own = locked.filter((each) => each.name === packageName(name) && each.version === version);
    found.push({ name: packageName(name), version, hashes: own.flatMap((each) => each.hashes) });
  }
  return found.toSorted((left, right) => (left.name < right.name ? -1 : 1));
}

/**
 * Compiled code holds times, scripts hold the path of this machine's Python, and RECORD holds the scripts' digests.
 * Stubs and sources of extensions are for developers.
 */
async function leaveOut(site: string): Promise<void> {
  await rm(join(site, "bin"), { recursive: true, force: true });
  for (const entry of await readdir(site, { recursive: true, withFileTypes: true })) {
    const path = join(entry.parentPath, entry.name);
    const isRecord = entry.name === "RECORD" && entry.parentPath.endsWith(".dist-info");
    if (entry.name === "__pycache__" && entry.isDirectory()) await rm(path, { recursive: true, force: true });
    else if (isRecord || (entry.isFile() && /\.(pyc|pyi|pyx|pxd)$/u.test(entry.name))) await rm(path, { force: true });
  }
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isFile(),
    () => false,
  );
}
