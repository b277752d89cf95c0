import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";

import type { FolderContent } from "./repository-facts.ts";

const MAX_DEPTH = 4;
const MAX_FOLDERS = 2000;
const MAX_BYTES = 1024 * 1024;

/** Made by tools, or copies of others' code: what stands there says nothing about this repository. */
const SKIPPED = new Set(
  "node_modules bower_components vendor third_party venv env virtualenv site-packages dist build out target coverage __pycache__ htmlcov".split(
    " ",
  ),
);
const READ =
  /^(package\.json|tsconfig\.json|pnpm-workspace\.yaml|pyproject\.toml|setup\.(cfg|py)|tox\.ini|\.flake8|Pipfile|[\w.-]*requirements[\w.-]*\.(txt|in)|dev-requirements\.txt)$/u;

/**
 * The repository's folders, as deep as projects are usually kept, the root first. Bounded in depth, number and size; links are
 * not followed. `isCut` tells that there are more.
 */
export function readFolders(root: string): { readonly folders: readonly FolderContent[]; readonly isCut: boolean } {
  const found: FolderContent[] = [];
  let level = [""];
  for (let depth = 0; depth <= MAX_DEPTH && level.length > 0; depth += 1) {
    const next: string[] = [];
    for (const folder of level) {
      if (found.length >= MAX_FOLDERS) return { folders: found, isCut: true };
      const content = readFolder(root, folder);
      if (content === null) continue;
      found.push(content);
      for (const name of content.folders) {
        if (!SKIPPED.has(name) && !name.startsWith(".")) next.push(folder === "" ? name : `${folder}/${name}`);
      }
    }
    level = next;
  }
  return { folders: found, isCut: false };
}

/** Null when it can't be read: what nobody may read is no project of theirs. */
function readFolder(root: string, folder: string): FolderContent | null {
  const path = join(root, folder);
  const files: string[] = [];
  const folders: string[] = [];
  const texts: Record<string, string> = {};
  try {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
      if (entry.isDirectory()) folders.push(entry.name);
      else if (entry.isFile()) files.push(entry.name);
    }
  } catch {
    if (folder === "") throw new Error(`${path} can't be read`);
    return null;
  }
  for (const name of files) if (READ.test(name)) texts[name] = readText(join(path, name));
  return { folder, files: files.toSorted(), folders: folders.toSorted(), texts };
}

/** A file that is far larger than any of its kind counts as empty. */
function readText(path: string): string {
  try {
    return statSync(path).size > MAX_BYTES ? "" : readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
