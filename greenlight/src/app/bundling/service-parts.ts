import { readdir } from "node:fs/promises";
import { join } from "node:path";

import type { ReleaseManifest } from "../../release/manifest.ts";

/** A file on its way into a release. */
export interface Candidate {
  /** Path in the release. */
  readonly path: string;
  readonly source: string;
  /** Under what it is counted in the report. */
  readonly part: string;
}

/** What a runtime brings: its own files, those of the service and its packages, and how they are started. */
export interface ServiceParts {
  readonly candidates: readonly Candidate[];
  readonly start: Omit<ReleaseManifest["start"], "readyPath" | "healthPath">;
  /** Path in the release of the file without which nothing starts, and its name for the person. */
  readonly entry: { readonly path: string; readonly name: string };
}

/** Every regular file below a folder, in no order; `isLeftOut` is asked with the name of each file and folder. */
export async function filesBelow(
  folder: string,
  path: string,
  isLeftOut: (entry: { readonly name: string; readonly isFolder: boolean }) => boolean,
): Promise<Candidate[]> {
  const found: Candidate[] = [];
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    if (isLeftOut({ name: entry.name, isFolder: entry.isDirectory() })) continue;
    const source = join(folder, entry.name);
    if (entry.isDirectory()) found.push(...(await filesBelow(source, `${path}/${entry.name}`, isLeftOut)));
    else if (entry.isFile()) found.push({ path: `${path}/${entry.name}`, source, part: "packages" });
  }
  return found;
}
