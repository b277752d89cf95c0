import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, isAbsolute, join, relative, sep } from "node:path";

import { problem, ProblemError } from "../../../base/problem.ts";
import type { AgentFile } from "./agent-bundle.ts";

const REQUIRES = /\brequire\(\s*["']([^"'\n]{1,200})["']\s*\)/gu;
/** Of a module that is required: relative ones, as small packages write them. */
const IMPORTS = /^\s*(?:import|export)\s[^'"\n]*?(?:from\s*)?["'](\.[^"'\n]{1,200})["']/gmu;
const FILE_LIMIT = 2000;

/**
 * The files of a package in CommonJS and of all packages that it requires, as they lie below `node_modules`: only what is really
 * loaded, which is a fraction of what is installed. Throws ACME_LIBRARY_MISSING for one that is not installed here.
 */
export function requiredFiles(name: string): AgentFile[] {
  const entry = resolveEntry(name);
  const home = above(entry, name);
  const found = new Map<string, Buffer>();
  const waiting = [entry];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (found.has(path)) continue;
    if (found.size >= FILE_LIMIT) throw new Error(`${name} requires more than ${FILE_LIMIT} files`);
    const content = readFileSync(path);
    found.set(path, content);
    for (const manifest of manifestsOf(path, home)) found.set(manifest, readFileSync(manifest));
    if (path.endsWith(".json")) continue;
    const require = createRequire(path);
    const text = content.toString("utf8");
    const specifiers = [...text.matchAll(REQUIRES), ...(path.endsWith(".mjs") ? text.matchAll(IMPORTS) : [])];
    for (const [, specifier = ""] of specifiers) {
      const resolved = tryResolve(require, specifier);
      if (resolved !== null) waiting.push(resolved);
    }
  }
  return [...found].map(([path, content]) => ({ path: `node_modules/${placeBelow(home, path)}`, content }));
}

function resolveEntry(name: string): string {
  try {
    return createRequire(import.meta.url).resolve(name);
  } catch (error) {
    throw missing(name, `the package is not installed here, and the server gets it from here`, error);
  }
}

/** Null for Node's own modules, and for what a package can do without. */
function tryResolve(require: NodeJS.Require, specifier: string): string | null {
  try {
    const path = require.resolve(specifier);
    return isAbsolute(path) ? path : null;
  } catch {
    return null;
  }
}

/** The `node_modules` folder that a package lies in. */
function above(path: string, name: string): string {
  const mark = `${sep}node_modules${sep}`;
  const at = path.lastIndexOf(mark);
  if (at === -1) throw missing(name, "it does not lie below a node_modules folder", null);
  return path.slice(0, at + mark.length - 1);
}

/** Each package.json that says how the file is to be read: of its package, and of folders within. */
function manifestsOf(path: string, home: string): readonly string[] {
  const manifests: string[] = [];
  for (let folder = dirname(path); folder.startsWith(home) && folder !== home; folder = dirname(folder)) {
    const manifest = join(folder, "package.json");
    if (existsSync(manifest)) manifests.push(manifest);
  }
  return manifests;
}

function placeBelow(home: string, path: string): string {
  const below = relative(home, path).replaceAll("\\", "/");
  if (!below.startsWith("..")) return below;
  throw missing(path, "its packages do not lie in one node_modules folder, as npm puts them", null);
}

function missing(name: string, message: string, cause: unknown): ProblemError {
  return new ProblemError([problem("ACME_LIBRARY_MISSING", { place: name, message })], { cause });
}
