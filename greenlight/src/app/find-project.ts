import { existsSync, readFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";

import { problem, ProblemError } from "../base/problem.ts";

const CONFIG_NAMES = ["greenlight.config.ts", "greenlight.config.mts", "greenlight.config.js", "greenlight.config.mjs"];

export interface ProjectPlace {
  /** Absolute folder of the project. */
  readonly folder: string;
  readonly configPath: string;
  readonly stateFolder: string;
}

/**
 * The project to work on: `--project DIR`, else the nearest config upward, else the one that the nearest
 * `package.json` with a `greenlight.project` names. Throws CONFIG_MISSING.
 */
export function findProject(from: string, explicit: string | undefined): ProjectPlace {
  if (explicit !== undefined) {
    const folder = resolve(from, explicit);
    const configPath = configIn(folder);
    if (configPath === null) throw missing(folder);
    return placeOf(folder, configPath);
  }
  for (let here = resolve(from); ; here = dirname(here)) {
    const configPath = configIn(here);
    if (configPath !== null) return placeOf(here, configPath);
    const named = projectNamedBy(join(here, "package.json"));
    if (named !== null) {
      const folder = resolve(here, named);
      const path = configIn(folder);
      if (path === null) throw missing(folder);
      return placeOf(folder, path);
    }
    if (dirname(here) === here) throw missing(resolve(from));
  }
}

function configIn(folder: string): string | null {
  return CONFIG_NAMES.map((name) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}

function projectNamedBy(path: string): string | null {
  try {
    const parsed = JSON.parse(readFileSync(path, "utf8")) as { greenlight?: { project?: unknown } };
    const named = parsed.greenlight?.project;
    return typeof named === "string" ? named : null;
  } catch {
    return null;
  }
}

function placeOf(folder: string, configPath: string): ProjectPlace {
  return { folder, configPath, stateFolder: join(folder, ".greenlight") };
}

function missing(folder: string): ProblemError {
  return new ProblemError([
    problem("CONFIG_MISSING", { place: folder, message: "there is no greenlight.config.ts here" }),
  ]);
}
