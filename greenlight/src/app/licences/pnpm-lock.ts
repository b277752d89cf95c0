import { posix } from "node:path";

import { parse } from "yaml";
import { z } from "zod";

import { workspaceId, type LockedNeed, type LockedNode, type LockGraph } from "./lock-graph.ts";

/** Before version 6 of the format a plain version, since then with the range for which it was chosen. */
const REFERENCE = z.union([z.string(), z.object({ version: z.string() }).transform(({ version }) => version)]);
const NEEDS = z.record(z.string(), REFERENCE).nullish();
const NODE = z.object({ dependencies: NEEDS, optionalDependencies: NEEDS });
const IMPORTER = NODE.extend({ devDependencies: NEEDS });
const PACKAGE = NODE.extend({ name: z.string().optional(), version: z.string().optional() });
const LOCK = IMPORTER.extend({
  lockfileVersion: z.union([z.string(), z.number()]),
  importers: z.record(z.string(), IMPORTER).optional(),
  packages: z.record(z.string(), PACKAGE.nullable()).nullish(),
  snapshots: z.record(z.string(), NODE.nullable()).nullish(),
});
type Needs = z.infer<typeof NEEDS>;

/**
 * `pnpm-lock.yaml` of format 5 to 9. A package's id is its key there, which also names the peers with which it is installed:
 * `/name/1.0.0_peer@2` (5), `/name@1.0.0(peer@2)` (6), `name@1.0.0(peer@2)` (9). Throws when it is none.
 */
export function readPnpmLock(text: string): LockGraph {
  const lock = LOCK.parse(parse(text, { maxAliasCount: 0 }));
  const packages = lock.packages ?? {};
  const graph = new Map<string, LockedNode>();
  const known = lock.snapshots ?? packages;
  for (const [id, node] of Object.entries(known)) {
    const { name, version } = nameOf(id);
    const told = packages[id] ?? packages[id.replace(/\(.*$/su, "")];
    graph.set(id, {
      name: told?.name ?? name,
      version: told?.version ?? version,
      workspace: null,
      needs: [
        ...needsOf(node?.dependencies, "production", idOf(known)),
        ...needsOf(node?.optionalDependencies, "optional", idOf(known)),
      ],
    });
  }
  for (const [folder, importer] of Object.entries(lock.importers ?? { ".": lock })) {
    const place = folder === "." ? "" : folder;
    const find = idOf(known, place);
    graph.set(workspaceId(place), {
      name: place,
      version: "",
      workspace: place,
      needs: [
        ...needsOf(importer.dependencies, "production", find),
        ...needsOf(importer.optionalDependencies, "optional", find),
        ...needsOf(importer.devDependencies, "development", find),
      ],
    });
  }
  return graph;
}

type Find = (alias: string, reference: string) => string | null;

function needsOf(needs: Needs, kind: LockedNeed["kind"], find: Find): readonly LockedNeed[] {
  return Object.entries(needs ?? {}).map(([alias, reference]) => ({ alias, id: find(alias, reference), kind }));
}

/** The key of what a reference means; `workspace` is the folder from which links lead on. */
function idOf(known: Readonly<Record<string, unknown>>, workspace = ""): Find {
  return (alias, reference) => {
    if (reference.startsWith("link:")) {
      const folder = posix.join(workspace, reference.slice("link:".length));
      return workspaceId(folder === "." ? "" : folder);
    }
    const forms = [`${alias}@${reference}`, `/${alias}@${reference}`, `/${alias}/${reference}`, reference];
    return forms.find((form) => Object.hasOwn(known, form)) ?? null;
  };
}

function nameOf(id: string): { readonly name: string; readonly version: string } {
  const [, oldName, oldVersion] = /^\/((?:@[^/]+\/)?[^/@]+)\/([^_/]+)/u.exec(id) ?? [];
  if (oldName !== undefined && oldVersion !== undefined) return { name: oldName, version: oldVersion };
  const plain = id.replace(/\(.*$/su, "").replace(/^\//u, "");
  // In a scope the first character is an "@", too.
  const at = plain.indexOf("@", 1);
  return at < 0 ? { name: plain, version: "" } : { name: plain.slice(0, at), version: plain.slice(at + 1) };
}
