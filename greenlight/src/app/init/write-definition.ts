import { existsSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";

import { problem, ProblemError } from "../../base/problem.ts";

/** Any of these is a definition that somebody wrote. */
const NAMES = ["greenlight.config.ts", "greenlight.config.mts", "greenlight.config.js", "greenlight.config.mjs"];

/** The definition that stands in a folder; null when there is none. */
export function standingDefinition(folder: string): string | null {
  return NAMES.find((name) => existsSync(join(folder, name))) ?? null;
}

/** Writes the definition whole or not at all; the path that it has. Throws CONFIG_EXISTS unless overwriting was asked for. */
export function writeDefinition(
  folder: string,
  { name, text }: { readonly name: string; readonly text: string },
  mayOverwrite: boolean,
): string {
  const standing = standingDefinition(folder);
  if (standing !== null && !mayOverwrite) {
    throw new ProblemError([
      problem("CONFIG_EXISTS", { place: join(folder, standing), message: "a definition stands here already" }),
    ]);
  }
  const path = join(folder, standing ?? name);
  const draft = `${path}.${process.pid}.draft`;
  try {
    writeFileSync(draft, text, { flag: "wx" });
    renameSync(draft, path);
  } catch (error) {
    rmSync(draft, { force: true });
    throw new ProblemError(
      [problem("CONFIG_UNWRITABLE", { place: path, message: error instanceof Error ? error.message : String(error) })],
      { cause: error },
    );
  }
  return path;
}
