import { existsSync } from "node:fs";
import { glob, readFile, stat } from "node:fs/promises";
import { dirname, join, relative, sep } from "node:path";

import { z } from "zod";

import { lockClosure, type PackageLock } from "../../base/lock-closure.ts";
import { problem, ProblemError } from "../../base/problem.ts";
import { installedPackages, isSameVersion, type InstalledPackages } from "./installed-packages.ts";
import { workspaceId } from "./lock-graph.ts";
import { parseJson, readManifest, type PackageManifest } from "./package-manifest.ts";
import { readPnpmLock } from "./pnpm-lock.ts";
import { readYarnLock, type YarnWorkspace } from "./yarn-lock.ts";

/** The lock of ten thousand packages is some ten megabytes. */
const MAX_LOCK_BYTES = 64 * 1024 * 1024;

/** Lock file → what its manager leaves in `node_modules` when it installs. */
const LOCKS: Readonly<Record<string, readonly string[]>> = {
  "package-lock.json": [".package-lock.json"],
  "npm-shrinkwrap.json": [".package-lock.json"],
  "pnpm-lock.yaml": [".modules.yaml"],
  "yarn.lock": [".yarn-state.yml", ".yarn-integrity"],
};

/** The lock file that governs a folder: the nearest one upward, of two side by side the one that was installed from. */
export function findLock(folder: string): string | null {
  for (let here = folder; ; here = dirname(here)) {
    const names = Object.keys(LOCKS).filter((name) => existsSync(join(here, name)));
    const used = names.find((name) => LOCKS[name]?.some((mark) => existsSync(join(here, "node_modules", mark))));
    const [first] = names;
    if (first !== undefined) return join(here, used ?? first);
    if (dirname(here) === here) return null;
  }
}

/**
 * The packages that the lock at `lockPath` gives to `folder`, which lies in or below its folder: those of the workspace there, or
 * of all workspaces where the lock itself lies. Throws LICENCES_UNREADABLE for a lock that can't be read.
 */
export async function lockedProject(
  lockPath: string,
  folder: string,
  includesDevelopment: boolean,
): Promise<InstalledPackages> {
  const root = dirname(lockPath);
  const workspace = relative(root, folder).split(sep).join("/");
  try {
    const { size } = await stat(lockPath);
    if (size > MAX_LOCK_BYTES) throw new Error(`${size} bytes are too many`);
    const text = await readFile(lockPath, "utf8");
    if (lockPath.endsWith(".json")) return await npmPackages(text, { root, workspace, includesDevelopment });
    const graph = lockPath.endsWith("pnpm-lock.yaml")
      ? readPnpmLock(text)
      : readYarnLock(text, await yarnWorkspaces(root));
    const all = [...graph.values()].flatMap((node) => (node.workspace === null ? [] : [node.workspace]));
    if (workspace !== "" && !graph.has(workspaceId(workspace)))
      throw new Error(`it knows no workspace in ${workspace}`);
    return await installedPackages(graph, {
      root,
      workspaces: workspace === "" ? all : [workspace],
      includesDevelopment,
    });
  } catch (error) {
    const message = (error as Error).message.replace(/\s+/gu, " ").slice(0, 300);
    throw new ProblemError([problem("LICENCES_UNREADABLE", { place: lockPath, message })], { cause: error });
  }
}

async function npmPackages(
  text: string,
  of: { readonly root: string; readonly workspace: string; readonly includesDevelopment: boolean },
): Promise<InstalledPackages> {
  const lock = JSON.parse(text) as PackageLock;
  if (typeof lock.packages !== "object") throw new Error("its version is below 2: npm 7 or later writes it anew");
  const from = of.workspace === "" ? Object.keys(lock.packages).filter(isWorkspace) : [of.workspace];
  const places = new Set(from.flatMap((each) => lockClosure(lock, each, of)));
  const manifests: PackageManifest[] = [];
  const missing: string[] = [];
  for (const place of [...places].filter((each) => !isWorkspace(each)).toSorted()) {
    const { version = "", optional = false } = lock.packages[place] ?? {};
    const manifest = await readManifest(join(of.root, place, "package.json"));
    if (manifest !== null && isSameVersion(version, manifest.version)) manifests.push(manifest);
    else if (!optional) missing.push(`${place.replace(/^.*node_modules\//u, "")} ${version}`.trim());
  }
  return { manifests, missing };
}

function isWorkspace(place: string): boolean {
  return !place.includes("node_modules/");
}

const RANGES = z.record(z.string(), z.string()).default({});
const GLOBS = z.array(z.string());
const PACKAGE = z.object({
  name: z.string().default(""),
  dependencies: RANGES,
  optionalDependencies: RANGES,
  devDependencies: RANGES,
  workspaces: z.union([GLOBS, z.object({ packages: GLOBS }).transform(({ packages }) => packages)]).optional(),
});

/** Every package.json that the root's `workspaces` name, and the root's own. */
async function yarnWorkspaces(root: string): Promise<ReadonlyMap<string, YarnWorkspace>> {
  const own = PACKAGE.parse(parseJson(await readFile(join(root, "package.json"), "utf8")));
  const found = new Map<string, YarnWorkspace>([["", own]]);
  const globs = (own.workspaces ?? []).map((each) => `${each.replace(/\/+$/u, "")}/package.json`);
  for await (const path of glob(globs, { cwd: root, exclude: ["**/node_modules/**"] })) {
    const folder = dirname(path).split(sep).join("/");
    found.set(folder, PACKAGE.parse(parseJson(await readFile(join(root, path), "utf8"))));
  }
  return found;
}
