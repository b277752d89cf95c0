import { existsSync } from "node:fs";
import { realpath } from "node:fs/promises";
import { dirname, join } from "node:path";

import { workspaceId, type LockedNode, type LockGraph } from "./lock-graph.ts";
import { readManifest, type PackageManifest } from "./package-manifest.ts";

/** What of a lock is installed, and what is not. */
export interface InstalledPackages {
  readonly manifests: readonly PackageManifest[];
  /** Name and version of what should be there; what is optional is not missed, because no platform has all of it. */
  readonly missing: readonly string[];
}

interface Wanted {
  readonly alias: string;
  readonly id: string | null;
  /** The real folder of what needs it. */
  readonly from: string;
  readonly isOptional: boolean;
}

/**
 * Finds the packages of a lock where Node would: from the real folder of what needs them upward. That holds for every
 * layout with `node_modules`: npm's and yarn's flat one, pnpm's links, and workspaces.
 */
export async function installedPackages(
  graph: LockGraph,
  options: { readonly root: string; readonly workspaces: readonly string[]; readonly includesDevelopment: boolean },
): Promise<InstalledPackages> {
  const { root } = options;
  const manifests = new Map<string, PackageManifest>();
  const missing = new Set<string>();
  const seen = new Set<string>();
  // What is needed by all means comes first: a package is optional only when nothing else needs it.
  const wanted: Wanted[] = [];
  const optional: Wanted[] = [];
  const want = (node: LockedNode, from: string, isOptional: boolean): void => {
    for (const { alias, id, kind } of node.needs) {
      // A package that is only used by this one brings nothing for its own development.
      const isAsked = node.workspace !== null && options.workspaces.includes(node.workspace);
      if (kind === "development" && !(options.includesDevelopment && isAsked)) continue;
      const isNeeded = !isOptional && kind !== "optional";
      (isNeeded ? wanted : optional).push({ alias, id, from, isOptional: !isNeeded });
    }
  };
  const open = (folder: string, isOptional: boolean): void => {
    const id = workspaceId(folder);
    const node = graph.get(id);
    if (node === undefined || seen.has(id)) return;
    seen.add(id);
    want(node, join(root, folder), isOptional);
  };
  for (const folder of options.workspaces) open(folder, false);
  for (let next = wanted.pop() ?? optional.pop(); next !== undefined; next = wanted.pop() ?? optional.pop()) {
    const { alias, id, from, isOptional } = next;
    const node = id === null ? undefined : graph.get(id);
    if (node?.workspace !== undefined && node.workspace !== null) {
      open(node.workspace, isOptional);
      continue;
    }
    if (seen.has(id ?? alias)) continue;
    seen.add(id ?? alias);
    const folder = findPackage(alias, from) ?? findPackage(alias, root);
    const manifest = folder === null ? null : await readManifest(join(folder, "package.json"));
    const isThere = manifest !== null && isSameVersion(node?.version ?? "", manifest.version);
    if (isThere && folder !== null) manifests.set(await realpath(folder), manifest);
    else if (!isOptional) missing.add(`${node?.name ?? alias} ${node?.version ?? ""}`.trim());
    if (node !== undefined) want(node, folder === null ? from : await realpath(folder), isOptional);
  }
  return { manifests: [...manifests.values()], missing: [...missing].toSorted() };
}

function findPackage(name: string, from: string): string | null {
  for (let here = from; ; here = dirname(here)) {
    const folder = join(here, "node_modules", name);
    if (existsSync(join(folder, "package.json"))) return folder;
    if (dirname(here) === here) return null;
  }
}

/** A package that comes from a repository or an archive is locked by its address. */
export function isSameVersion(locked: string, installed: string): boolean {
  return !/^\d+\.\d+\.\d+/u.test(locked) || locked === installed;
}
